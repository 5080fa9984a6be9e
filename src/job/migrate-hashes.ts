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
import { type Leg, legOf, type Walk, workGently, writeOne } from './migration-walk.ts'

/** The legs for one version of A or B whose deadline has passed; none where the policy keeps it. */
export function stragglerLegs(walk: Walk, key: 'A' | 'B', version: number): Leg[] {
  const { stragglers } = walk.run.snapshot
  if (stragglers === 'purge') return [purge(walk, key, version)]
  const nested = nestingOf(walk.means.keyring, key, walk.target, version)
  if (stragglers === 'keep' || nested === undefined) return []
  const matches = nestMatches(walk, key, version, nested)
  return key === 'A' ? [matches, nestHolders(walk, version, nested)] : [matches]
}

const idOf = ({ id }: { id: string }) => id

const readMatches =
  ({ means, tenantId, batch }: Walk, hashKey: 'A' | 'B', version: number) =>
  async (afterId: string) => {
    const page = { tenantId, hashKey, hashKeyVersion: version, afterId, limit: batch }
    return (await read(means.db, tenantId, [listMatchesOfVersion(page)]))[0]
  }

function nestMatches(walk: Walk, key: 'A' | 'B', version: number, nested: number): Leg {
  const { means, tenantId } = walk
  return legOf(`nest-match:${key}${version}`, {
    idOf,
    read: readMatches(walk, key, version),
    async work(rows) {
      const newHashes = await workGently(rows, ({ hash }) =>
        nestHash(means.keyring, key, tenantId, nested, hash),
      )
      const moving = {
        ...{ tenantId, matchIds: rows.map(({ id }) => id), newHashes },
        ...{ newVersion: nested, now: toInstant(means.clock()) },
      }
      const hashes = rows.map(({ hash }) => hash)
      const move = moveMatches({ ...moving, hashes })
      if (key === 'A') return writeOne(move, rows.length)
      const follow = moveAddresses({
        ...{ ...moving, institutionHashes: hashes as InstitutionHash[] },
        ...{ newHashes: newHashes as InstitutionHash[], material: PROVIDER_EMAIL },
      })
      return writeOne(move, rows.length, { beside: [follow] })
    },
  })
}

function nestHolders({ means, tenantId, batch }: Walk, version: number, nested: number): Leg {
  const nest = (hash: HolderHash) => nestHash(means.keyring, 'A', tenantId, nested, hash)
  return legOf(`nest-holder:${version}`, {
    idOf,
    async read(afterId) {
      const page = { tenantId, holderHashVersion: version, afterId, limit: batch }
      return (await read(means.db, tenantId, [listBindingsOfHolderVersion(page)]))[0]
    },
    async work(rows) {
      const made = await workGently(rows, ({ hash: before, fingerprints }) => {
        const hash = nest(before as HolderHash)
        // Nearly always the wallet was proved by the very hash that it is known by.
        const nestOnce = (print: HolderHash) => (print === before ? hash : nest(print))
        return { hash, fingerprints: nestFingerprints(fingerprints, version, nested, nestOnce) }
      })
      const move = moveHolders({
        ...{ tenantId, bindingIds: rows.map(({ id }) => id), hashes: rows.map(({ hash }) => hash) },
        newHashes: made.map(({ hash }) => hash),
        fingerprints: rows.map(({ fingerprints }) => fingerprints),
        newFingerprints: made.map(({ fingerprints }) => fingerprints),
        ...{ newVersion: nested, now: toInstant(means.clock()) },
      })
      return writeOne(move, rows.length)
    },
  })
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
  return legOf(`purge:${key}${version}`, {
    idOf,
    read: readMatches(walk, key, version),
    async work(rows) {
      const before = toInstant(startOfDay(means.clock() - run.snapshot.inactive_days * DAY))
      const matchIds = rows.map(({ id }) => id)
      const drop = dropStragglers({ tenantId, matchIds, hashKeyVersion: version, before })
      return async (runOne) => {
        const [gone] = await runOne(drop)
        const { matches = 0, bindings = 0, free = 0 } = gone ?? {}
        const done = { moved: 0, failed: 0, purged: matches + bindings, locked: rows.length - free }
        if (matches === 0) return done
        const detail = { type: 'key_stragglers_purged', version, matches, bindings } as const
        const event = insertAuditEvent(tenantId, newId(), toInstant(means.clock()), { detail })
        return { ...done, event }
      }
    },
  })
}
