/** Everything that is held about a person, opened: what Art. 15 and 20 GDPR give them. */
import { openWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import { readEnvelope } from '../domain/kept-attributes.ts'
import { issuerOf, type Tenant } from '../domain/tenant.ts'
import type { Json, JsonObject, Sealed } from '../domain/text.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { findTrailHead } from '../store/audit-trail.ts'
import { inTransaction, read, type Transaction } from '../store/database.ts'
import { findWholeFamily } from '../store/erasure.ts'
import {
  exportAuxiliary,
  exportBindings,
  exportEvents,
  exportGrants,
  exportMatches,
  exportRest,
  lockToExport,
} from '../store/export.ts'
import { auxiliaryPlace } from './data-person.ts'
import { subjectHash } from './merge-view.ts'
import { openCarried } from './new-grant.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

/** Members and rows; `store/exported.ts` says which member holds which table, column by column. */
export interface PersonExport {
  format: 'identity-bridge-export/1'
  tenant: string
  exported_at: IsoInstant
  persons: JsonObject[]
  known_by: JsonObject[]
  links: JsonObject[]
  auxiliary: JsonObject[]
  subjects: JsonObject[]
  account_choices: JsonObject[]
  consents: JsonObject[]
  logins: JsonObject[]
  journeys: JsonObject[]
  institution_logins: JsonObject[]
  merges: JsonObject[]
  messages: JsonObject[]
  events: JsonObject[]
}

/**
 * All of it, for a caller whose right was looked at already; `actor` stands in the event. Throws `not_found`, also for
 * somebody erased, and `sealed_unreadable`: never less because something could not be opened.
 */
export async function exportPerson(
  means: Means,
  tenant: Tenant,
  actor: string,
  identityId: IdentityId,
): Promise<PersonExport> {
  const tenantId = tenant.id
  const now = toInstant(means.clock())
  const work = (tx: Transaction) => takeRows(means, tx, tenantId, { actor, identityId, now })
  const rows = await inTransaction(means.db, tenantId, work, { retries: 2 })
  const { people, matches, bindings, auxiliary, grants, rest } = rows
  const hashes = people
    .filter(({ audit_salt }) => audit_salt !== null)
    .map((person) => subjectHash(means, tenantId, person))
  const { keyring } = means
  return {
    ...{ format: 'identity-bridge-export/1', exported_at: now },
    tenant: issuerOf(means.config.publicUrl, tenant.slug),
    persons: people.map(({ id, status, merged_into, created_at }) => ({
      ...{ id, status, merged_into, created_at },
    })),
    known_by: matches.map(({ hash_key, deleted_at, deletion_reason, ...row }) => ({
      ...{ ...row, side: hash_key === 'A' ? 'wallet' : 'institution' },
      ...{ ended_at: deleted_at, reason: deletion_reason },
    })),
    links: bindings.map((row) => openBinding(keyring, tenantId, row)),
    auxiliary: auxiliary.map((row) => openAuxiliary(keyring, tenantId, row)),
    subjects: rest.subjects,
    account_choices: rest.choices,
    consents: rest.consents,
    logins: grants.map((row) => openGrant(keyring, tenantId, row)),
    ...{ journeys: rest.journeys, institution_logins: rest.institution_logins },
    ...{ merges: rest.merges, messages: rest.messages },
    events: await readEvents(means, tenantId, hashes),
  }
}

/** The rows as they stand together, and that they were read. */
async function takeRows(
  means: Means,
  tx: Transaction,
  tenantId: TenantId,
  asked: { actor: string; identityId: IdentityId; now: IsoInstant },
) {
  const { actor, identityId, now } = asked
  const family = await tx.run(findWholeFamily({ tenantId, id: identityId }))
  const whom = { tenantId, people: family.map(({ id }) => id) }
  const people = await tx.run(lockToExport(whom))
  const named = people.find(({ id }) => id === identityId)
  if (named === undefined || named.status === 'ERASED') return fail({ kind: 'not_found' })
  const [matches, bindings, auxiliary, grants, [rest]] = await tx.runAll([
    exportMatches(whom),
    exportBindings(whom),
    exportAuxiliary(whom),
    exportGrants(whom),
    exportRest(whom),
  ])
  if (rest === undefined) throw new TypeError('gathering gives one row')
  await tx.runLast([
    insertAuditEvent(tenantId, newId(), now, {
      detail: { type: 'identity_exported', actor },
      subjectHash: subjectHash(means, tenantId, named),
    }),
  ])
  return { people, matches, bindings, auxiliary, grants, rest }
}

type Rows = Awaited<ReturnType<typeof takeRows>>

function openBinding(
  keyring: Keyring,
  tenant: TenantId,
  row: Rows['bindings'][number],
): JsonObject {
  const open = (column: string, sealed: Sealed) =>
    openOwn(keyring, tenant, row.key_identity_id, row.wrapped_data_key, {
      ...{ table: 'identity_link_binding', column, row: row.id, sealed },
    })
  const kept =
    row.attributes === null
      ? undefined
      : readEnvelope(open('persisted_attributes_envelope', row.attributes))
  return {
    ...{ id: row.id, known_by: row.match_id },
    ...{ provider: row.provider, provider_name: row.provider_name },
    account: row.account === null ? null : open('encrypted_institution_id', row.account),
    account_attribute: row.account_attribute,
    // Through JSON, for what stands there was JSON: nothing but values.
    ...(JSON.parse(
      JSON.stringify({
        attributes: kept?.values ?? {},
        attributes_from: kept?.origins ?? {},
        wallet_attributes: kept?.wallet.values ?? {},
        wallet_attributes_from: kept?.wallet.origins ?? {},
      }),
    ) as JsonObject),
    assurance: JSON.parse(row.assurance ?? 'null') as Json,
    proved_by: Object.keys(JSON.parse(row.materials ?? '{}') as JsonObject),
    ...{ proved_at: row.proved_at, believed_until: row.believed_until },
    to_be_proved_again_since: row.to_be_proved_again_since,
    told_of_its_end_at: row.told_of_its_end_at,
    credential_status:
      row.credential_status === null
        ? null
        : (JSON.parse(open('credential_status', row.credential_status)) as Json),
    ...{ created_at: row.created_at, last_used_at: row.last_used_at },
    ...{ ended_at: row.deleted_at, reason: row.deletion_reason },
  }
}

function openAuxiliary(
  keyring: Keyring,
  tenant: TenantId,
  row: Rows['auxiliary'][number],
): JsonObject {
  const { category, created_at, updated_at, expires_at } = row
  const { table, column } = auxiliaryPlace(tenant, row.id)
  const text = openOwn(keyring, tenant, row.identity_id, row.wrapped_data_key, {
    ...{ table, column, row: row.id, sealed: row.encrypted_payload },
  })
  return { category, data: JSON.parse(text) as Json, created_at, updated_at, expires_at }
}

function openGrant(keyring: Keyring, tenant: TenantId, row: Rows['grants'][number]): JsonObject {
  const { id, amr, upstream, claims, wallet_attributes: sealed, ...plain } = row
  const carried = sealed === null ? {} : openCarried(keyring, tenant, id, sealed)
  return {
    ...plain,
    amr: JSON.parse(amr) as Json,
    upstream: JSON.parse(upstream ?? 'null') as Json,
    claims: JSON.parse(claims ?? 'null') as Json,
    wallet_attributes: carried,
  }
}

function openOwn(
  keyring: Keyring,
  tenant: TenantId,
  owner: IdentityId,
  wrapped: Sealed | null,
  at: { table: string; column: string; row: string; sealed: Sealed },
): string {
  if (wrapped === null) return fail({ kind: 'sealed_unreadable' })
  const { sealed, ...place } = at
  const key = unwrapDataKey(keyring, tenant, owner, wrapped)
  return textOf(openWithDataKey(key, { tenant, ...place }, sealed))
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

/** Slices of the trail, each a short statement: a person's events are few among those of a tenant. */
const SLICE = 50_000

async function readEvents(
  means: Means,
  tenantId: TenantId,
  subjectHashes: readonly string[],
): Promise<JsonObject[]> {
  const [[newest]] = await read(means.db, tenantId, [findTrailHead({ tenantId })])
  const events: JsonObject[] = []
  for (let after = 0; after < (newest?.seq ?? 0); after += SLICE) {
    const upTo = after + SLICE
    const [found] = await read(means.db, tenantId, [
      exportEvents({ tenantId, subjectHashes, after, upTo }),
    ])
    for (const { detail, ...event } of found)
      events.push({ ...event, detail: JSON.parse(detail ?? '{}') as Json })
  }
  return events
}
