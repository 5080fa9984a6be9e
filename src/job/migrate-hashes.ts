/** Hashes whose owners stay away: nested under the new key, or purged by the inactivity rule (protocols CR-40). */
import { nestHash } from '../crypto/identifier-hash.ts'
import { nestingOf } from '../crypto/keyring.ts'
import { newId } from '../crypto/random.ts'
import type { Fingerprints } from '../domain/fingerprint.ts'
import { startOfDay } from '../domain/last-use.ts'
import { isProviderMaterial, PROVIDER_EMAIL } from '../domain/material.ts'
import type { HolderHash, InstitutionHash } from '../domain/text.ts'
import { DAY, toInstant } from '../domain/time.ts'
import { moveAddresses } from '../store/account-address.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { read } from '../store/database.ts'
import {
  dropStragglers,
  listBindingsOfHolderVersion,
  listMatchesOfVersion,
  moveHolders,
  moveMatches,
} from '../store/hash-rows.ts'
import { type Batch, type Leg, type Walk, workGently, writeOne } from './migration-walk.ts'

/** The legs for one version of A or B whose deadline has passed; none where the policy keeps it. */
export function stragglerLegs(walk: Walk, key: 'A' | 'B', version: number): Leg[] {
  const { stragglers } = walk.run.snapshot
  if (stragglers === 'purge') return [purge(walk, key, version)]
  const nested = nestingOf(walk.means.keyring, key, walk.target, version)
  if (stragglers === 'keep' || nested === undefined) return []
  const matches = nestMatches(walk, key, version, nested)
  return key === 'A' ? [matches, nestHolders(walk, version, nested)] : [matches]
}

async function matchPage(
  { means, tenantId, batch }: Walk,
  hashKey: 'A' | 'B',
  version: number,
  after: string,
) {
  const page = { tenantId, hashKey, hashKeyVersion: version, afterId: after, limit: batch }
  const [rows] = await read(means.db, tenantId, [listMatchesOfVersion(page)])
  return rows
}

function nestMatches(walk: Walk, key: 'A' | 'B', version: number, nested: number): Leg {
  const { means, tenantId } = walk
  async function prepare(after: string): Promise<Batch | undefined> {
    const rows = await matchPage(walk, key, version, after)
    const last = rows.at(-1)
    if (last === undefined) return undefined
    const newHashes = await workGently(rows, ({ hash }) =>
      nestHash(means.keyring, key, tenantId, nested, hash),
    )
    const moving = {
      ...{ tenantId, matchIds: rows.map(({ id }) => id), newHashes },
      ...{ newVersion: nested, now: toInstant(means.clock()) },
    }
    const hashes = rows.map(({ hash }) => hash)
    const move = writeOne(moveMatches({ ...moving, hashes }), rows.length)
    if (key === 'A') return { last: last.id, write: move }
    const follow = moveAddresses({
      ...{ ...moving, institutionHashes: hashes as InstitutionHash[] },
      ...{ newHashes: newHashes as InstitutionHash[], material: PROVIDER_EMAIL },
    })
    return {
      last: last.id,
      async write(tx) {
        await tx.run(follow)
        return await move(tx)
      },
    }
  }
  return { name: `nest-match:${key}${version}`, prepare }
}

function nestHolders(walk: Walk, version: number, nested: number): Leg {
  const { means, tenantId, batch } = walk
  const nest = (hash: HolderHash) => nestHash(means.keyring, 'A', tenantId, nested, hash)
  async function prepare(after: string): Promise<Batch | undefined> {
    const page = { tenantId, holderHashVersion: version, afterId: after, limit: batch }
    const [rows] = await read(means.db, tenantId, [listBindingsOfHolderVersion(page)])
    const last = rows.at(-1)
    if (last === undefined) return undefined
    const made = await workGently(rows, ({ hash, fingerprints }) => ({
      hash: nest(hash as HolderHash),
      fingerprints: nestFingerprints(fingerprints, version, nested, nest),
    }))
    const move = moveHolders({
      ...{ tenantId, bindingIds: rows.map(({ id }) => id), hashes: rows.map(({ hash }) => hash) },
      newHashes: made.map(({ hash }) => hash),
      fingerprints: rows.map(({ fingerprints }) => fingerprints),
      newFingerprints: made.map(({ fingerprints }) => fingerprints),
      ...{ newVersion: nested, now: toInstant(means.clock()) },
    })
    return { last: last.id, write: writeOne(move, rows.length) }
  }
  return { name: `nest-holder:${version}`, prepare }
}

/** What a wallet showed when the link was proved, as far as it is under this version of Key A. */
function nestFingerprints(
  text: string | null,
  version: number,
  nested: number,
  nest: (hash: HolderHash) => HolderHash,
): string | null {
  if (text === null) return null
  const proved = Object.entries(JSON.parse(text) as Fingerprints)
  const moved = proved.map(([material, print]) =>
    isProviderMaterial(material) || print.version !== version
      ? [material, print]
      : [material, { hash: nest(print.hash as HolderHash), version: nested }],
  )
  return JSON.stringify(Object.fromEntries(moved))
}

/** Whoever was away that long is forgotten; so is what was unlinked already, for no key will find it any more. */
function purge(walk: Walk, key: 'A' | 'B', version: number): Leg {
  const { means, tenantId, run } = walk
  async function prepare(after: string): Promise<Batch | undefined> {
    const rows = await matchPage(walk, key, version, after)
    const last = rows.at(-1)
    if (last === undefined) return undefined
    const before = toInstant(startOfDay(means.clock() - run.snapshot.inactive_days * DAY))
    const matchIds = rows.map(({ id }) => id)
    return {
      last: last.id,
      async write(tx) {
        const drop = dropStragglers({ tenantId, matchIds, hashKeyVersion: version, before })
        const [gone] = await tx.run(drop)
        const { matches = 0, bindings = 0, free = 0 } = gone ?? {}
        const counts = { moved: 0, failed: 0, purged: matches + bindings }
        const outcome = { ...counts, locked: rows.length - free }
        if (matches === 0) return outcome
        const detail = { type: 'key_stragglers_purged', version, matches, bindings } as const
        const now = toInstant(means.clock())
        return { ...outcome, event: insertAuditEvent(tenantId, newId(), now, { detail }) }
      },
    }
  }
  return { name: `purge:${key}${version}`, prepare }
}
