/** A dry run: what would go, by the rules there are or by others, now or later. Nothing is touched. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import {
  DATA_KIND_NAMES,
  type DataKind,
  type RetentionRule,
  retentionOf,
  whatIsWrongWith,
} from '../domain/retention.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { countDueRows, findRules } from './retention-view.ts'

export interface RetentionPlanView {
  at: IsoInstant
  kinds: readonly {
    kind: DataKind
    days: number | undefined
    noticeDays: number
    due: number
    warned: number
    atLeast: boolean
  }[]
}

/**
 * Returns how many rows of each kind would be past their time at `at`, milliseconds, did nobody use anything until then.
 * Throws `admin_forbidden`, `not_found`, `invalid_request`.
 */
export async function planRetention(
  means: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  slug: string,
  wish: { rules: ReadonlyMap<DataKind, RetentionRule>; at: number | undefined },
): Promise<RetentionPlanView> {
  const { id } = await findAdminTenant(means.db, actor, 'privacy:retention', slug)
  for (const [kind, rule] of wish.rules) {
    const wrong = whatIsWrongWith(kind, rule)
    if (wrong !== undefined) return fail({ kind: 'invalid_request', detail: wrong })
  }
  const rules = new Map([...(await findRules(means.db, id)), ...wish.rules])
  const at = wish.at ?? means.clock()
  const due = await countDueRows(means.db, id, rules, at)
  const kinds = DATA_KIND_NAMES.map((kind) => {
    const { days, noticeDays } = retentionOf(kind, rules.get(kind))
    const counted = { due: due[kind], warned: kind === 'links' ? due.warned : 0 }
    return { kind, days, noticeDays, ...counted, atLeast: due.atLeast.has(kind) }
  })
  return { at: toInstant(at), kinds }
}
