/** A key of the keyring is about to change its state: may it, as far as this database is concerned? Then it is recorded. */
import type { Keyring } from '../crypto/keyring.ts'
import { type KeyName, KeyringError, type KeyState } from '../crypto/keyring-text.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { read, transact } from '../store/database.ts'
import { findHashUse, findSealedUse, type KeyUse } from '../store/key-use.ts'
import { listTenantIds } from '../store/tenant.ts'
import { compareKeyring } from './check-keyring.ts'

/** Which key is to become what. The order of states itself is `crypto/key-states.ts`'s. */
export interface KeyChange {
  readonly key: KeyName
  readonly version: number
  readonly state: KeyState
}

/**
 * Writes the audit event of a change, before the keyring is changed: a change that cannot be recorded does not happen.
 * `keyring` is the one from before. Throws KeyringMismatch for another database's keyring, and KeyringError
 *
 * - for a new key becoming current that no service has ever started with: the others could not read what it writes (CR-41);
 * - for the end of a version that anything in the database still lies under (CR-45).
 */
export async function changeKey(
  means: Pick<Deps, 'db' | 'clock'>,
  actor: { readonly id: string },
  keyring: Keyring,
  change: KeyChange,
): Promise<void> {
  const { key, version, state } = change
  const { fresh } = await compareKeyring(means, keyring)
  const unseen = fresh.some((one) => one.key === key && one.version === version)
  if (state === 'current' && unseen) {
    throw new KeyringError(
      `no service has started with key ${key} version ${version} yet: hand the keyring to every instance and restart them first`,
    )
  }
  if (state === 'retired' || state === 'destroyed') await requireUnused(means, key, version)
  const now = toInstant(means.clock())
  const detail = { type: 'key_state_changed', actor: actor.id, key, version, state } as const
  await transact(means.db, SYSTEM_TENANT, [
    insertAuditEvent(SYSTEM_TENANT, newId(), now, { detail }),
  ])
}

async function requireUnused(
  { db }: Pick<Deps, 'db'>,
  key: KeyName,
  version: number,
): Promise<void> {
  const [tenants] = await read(db, SYSTEM_TENANT, [listTenantIds({})])
  for (const { id, slug } of tenants) {
    const step =
      key === 'C'
        ? findSealedUse({
            tenantId: id,
            sealedLike: `v1.c${version}.%`,
            saltLike: `c${version}.%`,
          })
        : findHashUse({ tenantId: id, hashKey: key, hashKeyVersion: version })
    const [uses] = await read(db, id, [step])
    if (uses.length > 0) {
      throw new KeyringError(
        `key ${key} version ${version} is still needed, in tenant ${slug}: ${uses.map(useText).join(', ')}`,
      )
    }
  }
}

function useText({ place, count }: KeyUse): string {
  return `${place} (${count})`
}
