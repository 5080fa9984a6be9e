/** Takes an unlink back, as long as its rows are there and nobody has the identifiers now. */
import { nestHash } from '../crypto/identifier-hash.ts'
import { listKeys, readableVersions } from '../crypto/keyring.ts'
import { outboxRows } from '../crypto/outbox-event.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { IdentityId, MatchId, TenantId } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { UNLINK_REASONS } from '../domain/unlink.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { countMatchVersions } from '../store/hash-versions.ts'
import { lockPeople } from '../store/identity.ts'
import { lockGuards } from '../store/match.ts'
import { findReceivers, insertOutbox } from '../store/outbox.ts'
import {
  findAllBindings,
  findAllMatches,
  findLiveHashes,
  restoreBindings,
  restoreMatches,
} from '../store/person.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { ledgerStep, noteLines } from './erasure-ledger.ts'
import { type IdentityView, viewIdentity } from './identity-view.ts'
import { subjectHash } from './merge-view.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

const RESTORABLE: readonly string[] = [...UNLINK_REASONS, 'INACTIVE']

type Match = Awaited<ReturnType<typeof readMatches>>[number]
type Rows = Pick<Match, 'deleted_at' | 'deletion_reason'>

/**
 * Brings back what ended together with this match, and returns the person as they are then; a live match stays as it is.
 * Throws `admin_forbidden`, `not_found`, and `conflict` where the person is not active, where somebody is known by one of
 * the identifiers now, or where the version of the key it was known by is gone: no login could find it any more.
 */
export async function restoreLink(
  means: Means,
  actor: AdminActor,
  slug: string,
  request: { identityId: IdentityId; matchId: MatchId },
): Promise<IdentityView> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'identities:manage', slug)
  const { identityId, matchId } = request
  const work = async (tx: Transaction) => {
    const matches = await readMatches(tx, tenantId, identityId)
    const named = matches.find(({ id }) => id === matchId)
    if (named === undefined) return fail({ kind: 'not_found' })
    if (named.deleted_at === null) return
    if (!RESTORABLE.includes(named.deletion_reason ?? ''))
      return fail({ kind: 'conflict', detail: 'this link cannot be restored' })
    await recordRestored(means, tx, { tenantId, identityId, actor, named, matches })
  }
  await inTransaction(means.db, tenantId, work, { retries: 2 })
  await noteLines(means, tenantId)
  return await viewIdentity(means.db, tenantId, identityId)
}

function readMatches(tx: Transaction, tenantId: TenantId, identityId: IdentityId) {
  return tx.run(findAllMatches({ tenantId, identityId }))
}

interface Restoring {
  tenantId: TenantId
  identityId: IdentityId
  actor: AdminActor
  named: Match
  matches: readonly Match[]
}

/** The guards are locked first, as by every login that makes a match: nobody takes the identifier while we look. */
async function recordRestored(means: Means, tx: Transaction, restoring: Restoring): Promise<void> {
  const { tenantId, identityId, actor, named } = restoring
  const now = toInstant(means.clock())
  const together = (row: Rows) =>
    row.deleted_at === named.deleted_at && row.deletion_reason === named.deletion_reason
  const gone = restoring.matches.filter(together)
  const hashes = gone.flatMap((row) => row.deleted_identifier_hash ?? [])
  const types = gone.map((row) => row.identifier_type)
  const known = gone.flatMap((row) => hashesNow(means, tenantId, row))
  const [, [person], again, bindings, taken] = await tx.runAll([
    lockGuards({ tenantId, types, hashes, now }),
    lockPeople({ tenantId, ids: [identityId] }),
    findAllMatches({ tenantId, identityId }),
    findAllBindings({ tenantId, identityId }),
    findLiveHashes({ tenantId, hashes: known }),
  ])
  await requireNothingHalfNested(means, tx, tenantId, gone)
  if (again.filter(together).length !== gone.length || person?.status !== 'ACTIVE')
    return fail({ kind: 'conflict', detail: 'the person has changed meanwhile' })
  if (taken.length > 0)
    return fail({ kind: 'conflict', detail: 'somebody is known by this identifier now' })
  const back = bindings.filter(together)
  const type = 'binding_created'
  const matches = gone.map(({ id }) => id)
  const receivers =
    back.length === 0 ? [] : await tx.run(findReceivers({ tenantId, people: [identityId], type }))
  await tx.runLast([
    restoreMatches({ tenantId, ids: matches, now }),
    restoreBindings({ tenantId, ids: back.map(({ id }) => id), now }),
    ledgerStep(tenantId, identityId, { kind: 'restored', persons: [identityId], matches }, now),
    insertOutbox(outboxRows(means.keyring, tenantId, { type }, receivers, now)),
    insertAuditEvent(tenantId, newId(), now, {
      detail: {
        ...{ type: 'link_restored', actor: actor.id, identifier: named.identifier_type },
        ...{ matches: matches.length, bindings: back.length },
      },
      subjectHash: subjectHash(means, tenantId, person),
    }),
  ])
}

/**
 * Every hash that a live row of the same identifier may have: its own, and those that are nested over it. Under any other
 * version there is none: whoever became known by it again took the hash of the ended row along (`store/hash-move.ts`).
 */
function hashesNow({ keyring }: Means, tenantId: TenantId, row: Match): string[] {
  const { hash_key: key, hash_key_version: version, deleted_identifier_hash: hash } = row
  if (hash === null) return []
  const readable = readableVersions(keyring, key)
  if (!readable.includes(version))
    return fail({ kind: 'conflict', detail: 'the version of the key it was known by is gone' })
  const nested = listKeys(keyring).filter(
    (each) => each.key === key && each.nests?.inner === version && readable.includes(each.version),
  )
  return [hash, ...nested.map((each) => nestHash(keyring, key, tenantId, each.version, hash))]
}

/**
 * While the rows of a version are nested one by one, an ended row may be ahead of a live one of the same identifier, and from
 * a nested hash nobody can tell.
 */
async function requireNothingHalfNested(
  { keyring }: Means,
  tx: Transaction,
  tenantId: TenantId,
  gone: readonly Match[],
): Promise<void> {
  for (const { hash_key: hashKey, hash_key_version: version } of gone) {
    const entry = listKeys(keyring).find((one) => one.key === hashKey && one.version === version)
    if (entry?.nests === undefined) continue
    const counts = await tx.run(countMatchVersions({ tenantId, hashKey }))
    if (counts.some((each) => each.version === entry.nests?.inner))
      fail({ kind: 'conflict', detail: 'its key is being rotated; try again when that is done' })
  }
}
