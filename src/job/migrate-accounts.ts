/** Key B: hashes of accounts are made anew from the sealed account, for everybody at once (protocols CR-40, 7.4 (c)). */
import { openWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import { hashInstitutionIdentifier } from '../crypto/identifier-hash.ts'
import { NORMALISATION, providerSubjectIdentifier } from '../domain/identifier.ts'
import type { BindingId, MatchId } from '../domain/ids.ts'
import { PROVIDER_SUBJECT } from '../domain/material.ts'
import type { InstitutionHash } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { read, type Transaction } from '../store/database.ts'
import {
  type AccountRow,
  findTakenHashes,
  listAccountsOfVersion,
  listRowsOfAccounts,
  lockFreeBindings,
  lockFreeMatches,
  moveAccounts,
  moveMatches,
} from '../store/hash-rows.ts'
import {
  type Batch,
  ifItOpens,
  type Leg,
  type Outcome,
  type Walk,
  workGently,
} from './migration-walk.ts'

/** Every account that bindings know under one version of B, with all bindings and matches of it. */
export function accountLeg(walk: Walk, version: number): Leg {
  const { means, tenantId, batch } = walk
  async function prepare(after: string): Promise<Batch | undefined> {
    const page = { tenantId, institutionHashVersion: version, afterId: after, limit: batch }
    const [rows] = await read(means.db, tenantId, [listAccountsOfVersion(page)])
    const last = rows.at(-1)
    if (last === undefined) return undefined
    const made = await workGently(rows, (row) => rehash(walk, version, row))
    const accounts = new Map(made.flatMap((each) => (each === undefined ? [] : [each])))
    const failed = made.filter((each) => each === undefined).length
    const institutionHashes = [...accounts.keys()]
    const [found] = await read(means.db, tenantId, [
      listRowsOfAccounts({ tenantId, institutionHashes }),
    ])
    const write: Batch['write'] = async (tx) => {
      const moved = await moveFree(walk, tx, accounts, found)
      return { ...moved, failed: failed + moved.failed }
    }
    return { last: last.id, write }
  }
  return { name: `account:${version}`, prepare }
}

/**
 * The account's hash as it is and as it becomes; undefined where the sealed account does not open, or is not the one that
 * was hashed: such a row stays as it is.
 */
function rehash(
  { means, tenantId, target }: Walk,
  version: number,
  {
    id,
    hash,
    sealed,
    label,
    issuer,
    key_identity_id: owner,
    wrapped_data_key: wrapped,
  }: AccountRow,
): [InstitutionHash, InstitutionHash] | undefined {
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
  const hashes = hashInstitutionIdentifier(means.keyring, input)
  const before = hashes.find((each) => each.version === version)
  const after = hashes.find((each) => each.version === target)
  // Under a version that is retired nothing can be compared any more, and the sealed account speaks alone.
  if (after === undefined || (before !== undefined && before.hash !== hash)) return undefined
  return [hash, after.hash]
}

type Found = readonly { part: 'binding' | 'match'; id: string; hash: InstitutionHash }[]

/**
 * Moves the accounts of which every row is free: an account under two spellings would look like two to a login of
 * somebody with two wallets.
 */
async function moveFree(
  { means, tenantId, target }: Walk,
  tx: Transaction,
  accounts: ReadonlyMap<InstitutionHash, InstitutionHash>,
  found: Found,
): Promise<Outcome> {
  const [bindings, matches] = [idsOf(found, 'binding'), idsOf(found, 'match')]
  const [freeBindings, freeMatches, taken] = await tx.runAll([
    lockFreeBindings({ tenantId, bindingIds: bindings as BindingId[] }),
    lockFreeMatches({ tenantId, matchIds: matches as MatchId[] }),
    findTakenHashes({ tenantId, hashes: [...accounts.values()] }),
  ])
  const free = new Set<string>([...freeBindings, ...freeMatches].map(({ id }) => id))
  const busy = new Set(found.filter(({ id }) => !free.has(id)).map(({ hash }) => hash))
  const newHash = (hash: InstitutionHash) => accounts.get(hash) ?? hash
  // Two matches of one account, one of them under the new version already: that is for people to merge.
  const doubled = new Set(
    found
      .filter(({ part }) => part === 'match')
      .filter((row) => taken.some(({ id, hash }) => hash === newHash(row.hash) && id !== row.id))
      .map(({ hash }) => hash),
  )
  const going = found.filter(({ hash }) => !busy.has(hash) && !doubled.has(hash))
  const of = (part: 'binding' | 'match') => going.filter((row) => row.part === part)
  const hashesOf = (rows: Found) => rows.map(({ hash }) => hash)
  const newHashesOf = (rows: Found) => rows.map(({ hash }) => newHash(hash))
  const common = { tenantId, newVersion: target, now: toInstant(means.clock()) }
  const [own, others] = [of('binding'), of('match')]
  const [[bound], [matched]] = await tx.runAll([
    moveAccounts({
      ...{
        ...common,
        bindingIds: own.map(({ id }) => id as BindingId),
        material: PROVIDER_SUBJECT,
      },
      ...{ institutionHashes: hashesOf(own), newHashes: newHashesOf(own) },
    }),
    moveMatches({
      ...{ ...common, matchIds: others.map(({ id }) => id as MatchId) },
      ...{ hashes: hashesOf(others), newHashes: newHashesOf(others) },
    }),
  ])
  const failed = found.filter(
    ({ part, hash }) => part === 'binding' && !busy.has(hash) && doubled.has(hash),
  ).length
  return {
    ...{ failed, purged: 0, locked: busy.size },
    moved: (bound?.changed ?? 0) + (matched?.changed ?? 0),
  }
}

function idsOf(found: Found, part: 'binding' | 'match'): string[] {
  return found.filter((row) => row.part === part).map(({ id }) => id)
}
