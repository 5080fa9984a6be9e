/** A client sends its authorization request ahead of the browser (RFC 9126). */
import { hashSecret, randomText } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { Parameters } from '../domain/authorization-request.ts'
import { fail } from '../domain/failure.ts'
import { PUSHED_TIME } from '../domain/journey.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import { SECOND, toInstant } from '../domain/time.ts'
import { transact } from '../store/database.ts'
import { insertPushedRequest } from '../store/pushed-request.ts'
import { judgeRequest } from './begin-authorization.ts'
import { REQUEST_URI_PREFIX, sealParameters } from './pushed-request.ts'
import type { PreparedTenant } from './tenants.ts'

/** The answer in the wire's spelling; `expires_in` in seconds. */
export interface PushedAnswer {
  request_uri: string
  expires_in: number
}

/**
 * Keeps the request, sealed, for {@link PUSHED_TIME}. Judged here as it will be judged again when the browser comes, so a
 * client hears at once what is wrong (OP-30, OP-31). `jkt` is the key it showed, if any. Throws what judging throws, and
 * `invalid_request` for a `request_uri` in the body.
 */
export async function pushAuthorization(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  relyingParty: RelyingParty,
  form: Parameters,
  jkt: string | undefined,
): Promise<PushedAnswer> {
  if (form.get('request_uri') !== undefined) refuse('request_uri has no place in a pushed request')
  const { clientId } = relyingParty
  // The one who proved itself, whatever the form says or leaves out.
  if ((form.get('client_id') ?? clientId) !== clientId) refuse('client_id is another client')
  // A proof beside the request binds the code as `dpop_jkt` does (RFC 9449 section 10.1).
  const dpopJkt = form.get('dpop_jkt') ?? jkt
  if (jkt !== undefined && dpopJkt !== jkt) refuse('dpop_jkt and the proof are of two keys')
  const own = new Map([
    ['client_id', clientId as string],
    ...(dpopJkt === undefined ? [] : [['dpop_jkt', dpopJkt] as const]),
  ])
  const parameters: Parameters = {
    get: (name) => own.get(name) ?? form.get(name),
    repeated: form.repeated,
    pushed: true,
  }
  judgeRequest(prepared, relyingParty, parameters)
  const reference = randomText()
  const referenceHash = hashSecret(reference)
  const now = means.clock()
  const tenantId = prepared.tenant.id
  await transact(means.db, tenantId, [
    insertPushedRequest({
      ...{ tenantId, referenceHash, clientId, now: toInstant(now) },
      request: sealParameters(means, { tenant: tenantId, referenceHash }, parameters),
      expiresAt: toInstant(now + PUSHED_TIME),
    }),
  ])
  means.metrics.outcome('pushed_request', 'ok')
  return { request_uri: `${REQUEST_URI_PREFIX}${reference}`, expires_in: PUSHED_TIME / SECOND }
}

function refuse(description: string): never {
  return fail({ kind: 'oauth', error: 'invalid_request', description })
}
