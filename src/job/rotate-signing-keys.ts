/** Keys for tokens get old by themselves: published, used, kept, gone (protocols OP-90; domain/signing-key-age.ts). */
import { newId } from '../crypto/random.ts'
import { makeTokenKey } from '../crypto/sealed-signing-key.ts'
import type { Deps } from '../deps.ts'
import type { AuditDetail } from '../domain/audit.ts'
import type { TenantId } from '../domain/ids.ts'
import {
  type AgeingKey,
  dueSteps,
  type KeyStep,
  PUBLISHED_AFTER,
} from '../domain/signing-key-age.ts'
import { type IsoInstant, MINUTE, toInstant } from '../domain/time.ts'
import { TOKEN_ALGORITHMS, type TokenAlgorithm } from '../domain/token-algorithm.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, type Transaction } from '../store/database.ts'
import {
  activateSigningKey,
  listSigningKeys,
  publishNextKey,
  retireActiveSigningKey,
  retireSigningKey,
} from '../store/signing-key.ts'
import { raiseRevision } from '../store/tenant.ts'
import type { Job, JobCounts } from './lease.ts'

type Means = Pick<Deps, 'db' | 'clock' | 'keyring'>

const NAME = 'rotate-signing-keys'
const EVERY = 10 * MINUTE

export function rotateSigningKeysJob(means: Means): Job {
  return {
    name: NAME,
    next: (now) => now + EVERY,
    run: (_, tenant) => rotateTenant(means, tenant),
  }
}

async function rotateTenant(means: Means, tenantId: TenantId): Promise<JobCounts> {
  const [rows] = await read(means.db, tenantId, [listSigningKeys({ tenantId })])
  const counts = { published: 0, activated: 0, retired: 0 }
  const groups = (['token', 'request'] as const).flatMap((purpose) =>
    TOKEN_ALGORITHMS.map((algorithm) => ({ purpose, algorithm })),
  )
  for (const { purpose, algorithm } of groups) {
    const keys = rows.filter((row) => row.purpose === purpose && row.algorithm === algorithm)
    for (const step of dueSteps(keys.map(readKey), means.clock())) {
      // A certificate for requests is an administrator's to replace; only its end comes by itself.
      if (purpose === 'request' && step.do !== 'retire') continue
      if (await takeStep(means, tenantId, algorithm, step)) counts[COUNTED[step.do]] += 1
    }
  }
  return counts
}

const COUNTED = { publish: 'published', activate: 'activated', retire: 'retired' } as const

interface KeyRow {
  kid: string
  state: AgeingKey['state']
  created_at: IsoInstant
  activated_at: IsoInstant | null
  retire_at: IsoInstant | null
}

function readKey(row: KeyRow): AgeingKey {
  return {
    kid: row.kid,
    state: row.state,
    createdAt: row.created_at,
    activatedAt: row.activated_at ?? undefined,
    retireAt: row.retire_at ?? undefined,
  }
}

/** One step, one transaction. False when somebody else was there first. */
async function takeStep(
  means: Means,
  tenantId: TenantId,
  algorithm: TokenAlgorithm,
  step: KeyStep,
): Promise<boolean> {
  const made =
    step.do === 'publish' ? await makeTokenKey(means.keyring, tenantId, algorithm) : undefined
  const at = means.clock()
  const now = toInstant(at)
  return await inTransaction(means.db, tenantId, async (tx) => {
    const detail = await write(tx)
    if (detail === undefined) return false
    await tx.runLast([
      raiseRevision({ id: tenantId, now }),
      insertAuditEvent(tenantId, newId(), now, { detail }),
    ])
    return true
  })

  async function write(tx: Transaction): Promise<AuditDetail | undefined> {
    const said = { actor: NAME }
    if (step.do === 'retire') {
      const [retired] = await tx.run(retireSigningKey({ tenantId, kid: step.kid, now }))
      return retired?.changed === 1
        ? { type: 'signing_key_retired', ...said, kid: step.kid }
        : undefined
    }
    if (step.do === 'activate') return await activate(tx, step.kid)
    if (made === undefined) return undefined
    const published = await tx.run(publishNextKey({ tenantId, algorithm, ...made, now }))
    return published.length === 1
      ? { type: 'signing_key_created', ...said, purpose: 'token', algorithm }
      : undefined
  }

  /** The old key makes way and the new one comes, or neither: an error undoes both. */
  async function activate(tx: Transaction, kid: string): Promise<AuditDetail> {
    const retireAt = toInstant(at + PUBLISHED_AFTER)
    const [, [activated]] = await tx.runAll([
      retireActiveSigningKey({ tenantId, purpose: 'token', algorithm, clientId: '', retireAt }),
      activateSigningKey({ tenantId, kid, now }),
    ])
    if (activated?.changed !== 1) throw new Error('the key that was to be activated is gone')
    return { type: 'signing_key_activated', actor: NAME, algorithm, kid }
  }
}
