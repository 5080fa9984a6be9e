/** A relying party wants tokens signed by an algorithm that its tenant has no key for yet. */
import { newId } from '../crypto/random.ts'
import { makeTokenKey } from '../crypto/sealed-signing-key.ts'
import type { Deps } from '../deps.ts'
import type { TenantId } from '../domain/ids.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import { toInstant } from '../domain/time.ts'
import { FIRST_ALGORITHMS, type TokenAlgorithm } from '../domain/token-algorithm.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read } from '../store/database.ts'
import { insertFirstTokenKey, listSigningKeys } from '../store/signing-key.ts'
import { raiseRevision } from '../store/tenant.ts'

/**
 * Returns once there is a key for each algorithm that the registration names; of several who make one at the same time one
 * is kept. Apart from the registration, which must not wait for an RSA key: should it be refused in the end, a key stays that
 * nobody uses. `actor` stands in the event.
 */
export async function provideTokenKeys(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  tenantId: TenantId,
  actor: string,
  wanted: Partial<Pick<RelyingParty, 'idTokenAlgorithm' | 'userinfoAlgorithm'>>,
): Promise<void> {
  const named = new Set([wanted.idTokenAlgorithm, wanted.userinfoAlgorithm])
  const rare = [...named].filter((name) => name !== undefined && !isFirst(name))
  if (rare.length === 0) return
  const [keys] = await read(means.db, tenantId, [listSigningKeys({ tenantId })])
  for (const algorithm of rare) {
    if (algorithm === undefined) continue
    const signs = keys.some(
      (key) => key.purpose === 'token' && key.algorithm === algorithm && key.state === 'active',
    )
    if (!signs) await provide(means, tenantId, actor, algorithm)
  }
}

const isFirst = (algorithm: TokenAlgorithm) => FIRST_ALGORITHMS.some((name) => name === algorithm)

async function provide(
  { db, keyring, clock }: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  tenantId: TenantId,
  actor: string,
  algorithm: TokenAlgorithm,
): Promise<void> {
  const made = await makeTokenKey(keyring, tenantId, algorithm)
  const now = toInstant(clock())
  await inTransaction(db, tenantId, async (tx) => {
    const [kept] = await tx.run(insertFirstTokenKey({ tenantId, algorithm, ...made, now }))
    if (kept === undefined) return
    await tx.runLast([
      raiseRevision({ id: tenantId, now }),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'signing_key_created', actor, purpose: 'token', algorithm },
      }),
    ])
  })
}
