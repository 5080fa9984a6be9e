/** Where a receiver of events may be, judged at registration and at every change. */
import type { Deps } from '../deps.ts'
import type { Delivery } from '../domain/event.ts'
import { fail } from '../domain/failure.ts'

/** Throws `invalid_request` where there is one too many or too few, `outbound_refused` for one that is never asked. */
export function checkEndpoint(
  deps: Pick<Deps, 'outbound'>,
  delivery: Delivery,
  endpoint: string | undefined,
): void {
  if ((delivery === 'poll') !== (endpoint === undefined))
    fail({ kind: 'invalid_request', detail: 'endpoint: for webhook and push, and for them only' })
  if (endpoint !== undefined) deps.outbound.checkUrl(endpoint)
}
