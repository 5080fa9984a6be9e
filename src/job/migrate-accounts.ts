/** Key B: hashes of accounts are made anew from the sealed account, for everybody at once (protocols CR-40, 7.4 (c)). */
import { openWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import { hashInstitutionIdentifier } from '../crypto/identifier-hash.ts'
import { NORMALISATION, providerSubjectIdentifier } from '../domain/identifier.ts'
import { PROVIDER_SUBJECT } from '../domain/material.ts'
import type { InstitutionHash } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { type AccountRow, listAccountsOfVersion, moveAccounts } from '../store/account-rows.ts'
import { read } from '../store/database.ts'
import { ifItOpens, type Leg, legOf, type Walk, workGently } from './migration-walk.ts'

/** Every account that bindings know under one version of B, with all bindings and matches of it. */
export function accountLeg(walk: Walk, version: number): Leg {
  const { means, tenantId, batch, target } = walk
  return legOf<AccountRow>(`account:${version}`, {
    idOf: ({ id }) => id,
    async read(afterId) {
      const page = { tenantId, institutionHashVersion: version, afterId, limit: batch }
      return (await read(means.db, tenantId, [listAccountsOfVersion(page)]))[0]
    },
    async work(rows) {
      const made = await workGently(rows, (row) => rehash(walk, version, row))
      const accounts = new Map(made.flatMap((each) => (each === undefined ? [] : [each])))
      // One that does not open goes along with another one to the same account that does.
      const failed = rows.filter(({ hash }) => !accounts.has(hash)).length
      const step = moveAccounts({
        ...{ tenantId, institutionHashes: [...accounts.keys()], newHashes: [...accounts.values()] },
        ...{ material: PROVIDER_SUBJECT, newVersion: target, now: toInstant(means.clock()) },
      })
      return async (run) => {
        const [done] = await run(step)
        const { bindings = 0, matches = 0, busy = 0, doubled = 0 } = done ?? {}
        return { moved: bindings + matches, failed: failed + doubled, purged: 0, locked: busy }
      }
    },
  })
}

/**
 * The account's hash as it is and as it becomes; undefined where the sealed account does not open, or is not the one that
 * was hashed: such a row stays as it is.
 */
function rehash(
  walk: Walk,
  version: number,
  row: AccountRow,
): [InstitutionHash, InstitutionHash] | undefined {
  const hashes = hashesOf(walk, row)
  const before = hashes?.find((each) => each.version === version)
  const after = hashes?.find((each) => each.version === walk.target)
  // Under a version that is retired nothing can be compared any more, and the sealed account speaks alone.
  if (after === undefined || (before !== undefined && before.hash !== row.hash)) return undefined
  return [row.hash, after.hash]
}

/** Whether a row that is there already has the hash of its sealed account; undefined where nothing is sealed to tell by. */
export function isAccountHash(walk: Walk, row: AccountRow): boolean | undefined {
  const { sealed, label, issuer, wrapped_data_key: wrapped } = row
  if (sealed === null || label === null || issuer === null || wrapped === null) return undefined
  const hashes = hashesOf(walk, row)
  return hashes?.some(({ version, hash }) => version === walk.target && hash === row.hash) ?? false
}

/** The account's hashes under every version that can be read; undefined where the sealed account does not open. */
function hashesOf(
  { means, tenantId }: Walk,
  {
    id,
    sealed,
    label,
    issuer,
    key_identity_id: owner,
    wrapped_data_key: wrapped,
  }: Omit<AccountRow, 'hash'>,
) {
  if (sealed === null || label === null || issuer === null || wrapped === null) return undefined
  const column = 'encrypted_institution_id'
  const place = { tenant: tenantId, table: 'identity_link_binding', column, row: id }
  const value = ifItOpens(() => {
    const key = unwrapDataKey(means.keyring, tenantId, owner, wrapped)
    return Buffer.from(openWithDataKey(key, place, sealed)).toString('utf8')
  })
  const identifier =
    value === undefined ? undefined : providerSubjectIdentifier(issuer, label, value)
  if (identifier === undefined) return undefined
  const input = { ...identifier, tenant: tenantId, normalisation: NORMALISATION }
  return hashInstitutionIdentifier(means.keyring, input)
}
