/**
 * What others said about certificates and keys, in the rows of a tenant: instances share it, and it outlives them. Written
 * where somebody was asked, outside of any login's transaction: it is true whatever becomes of the login.
 */
import type { Deps } from '../deps.ts'
import type { TenantId } from '../domain/ids.ts'
import { DAY, fromInstant, toInstant } from '../domain/time.ts'
import { read, transact } from '../store/database.ts'
import { findKeptAnswer, keepAnswer, markAnswerSeen } from '../store/kept-answer.ts'
import type { AnswerStore } from '../wallet/stored-answer.ts'

/** Returns the answers of a tenant. `isLogin` false: looking at one is not needing it. */
export function answerStore(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  tenantId: TenantId,
  isLogin = true,
): AnswerStore {
  return {
    async find(name) {
      const [[row]] = await read(db, tenantId, [findKeptAnswer({ tenantId, name })])
      if (row === undefined) return undefined
      const { document, fetched_at: fetchedAt, fresh_until: freshUntil } = row
      const now = clock()
      if (isLogin && now - fromInstant(row.seen_at) >= DAY) {
        await transact(db, tenantId, [markAnswerSeen({ tenantId, name, now: toInstant(now) })])
      }
      if (document === null || fetchedAt === null || freshUntil === null) return undefined
      return { document, fetchedAt: fromInstant(fetchedAt), freshUntil: fromInstant(freshUntil) }
    },
    async keep({ issuedAt, fetchedAt, freshUntil, ...answer }) {
      const step = keepAnswer({
        ...{ ...answer, tenantId, now: toInstant(clock()) },
        issuedAt: toInstant(issuedAt),
        fetchedAt: toInstant(fetchedAt),
        freshUntil: toInstant(freshUntil),
      })
      await transact(db, tenantId, [step])
    },
  }
}
