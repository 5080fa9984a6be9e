/** `ledger_line`: what the ledger outside hears besides erasures, until it has it; afterwards, that it is known here. */
import type { IdentityId, LedgerLineId, TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { anyOf, type Params, statement } from './statement.ts'

/** `notedAt` null: the ledger is still to hear of it. */
export const insertLedgerLine = statement(
  'insert_ledger_line',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: LedgerLineId
      identityId: IdentityId
      said: string
      saidAt: IsoInstant
      notedAt: IsoInstant | null
    }>,
  ) =>
    q.insertInto('ledger_line').values({
      tenant_id: p('tenantId'),
      id: p('id'),
      identity_id: p('identityId'),
      said: p('said'),
      said_at: p('saidAt'),
      noted_at: p('notedAt'),
    }),
)

export const findLedgerLine = statement(
  'find_ledger_line',
  (q, p: Params<{ tenantId: TenantId; id: LedgerLineId }>) =>
    q
      .selectFrom('ledger_line')
      .select('id')
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** Lines that the ledger outside does not have yet; the oldest first. */
export const findUnnotedLines = statement(
  'find_unnoted_lines',
  (q, p: Params<{ tenantId: TenantId; limit: number }>) =>
    q
      .selectFrom('ledger_line')
      .select(['id', 'said', 'said_at'])
      .where('tenant_id', '=', p('tenantId'))
      .where('noted_at', 'is', null)
      .orderBy('said_at')
      .orderBy('id')
      .limit(p('limit')),
)

/** The ledger outside has them. */
export const markLinesNoted = statement(
  'mark_lines_noted',
  (q, p: Params<{ tenantId: TenantId; ids: readonly LedgerLineId[]; now: IsoInstant }>) =>
    q
      .updateTable('ledger_line')
      .set({ noted_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', anyOf(p('ids'))),
)

/** An erased person's lines: the erasure is a line of its own, which says more. */
export const eraseLedgerLines = statement(
  'erase_ledger_lines',
  (q, p: Params<{ tenantId: TenantId; people: readonly IdentityId[] }>) =>
    q
      .deleteFrom('ledger_line')
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', anyOf(p('people'))),
)
