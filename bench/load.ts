/** Loads people as first logins leave them: real hashes, real sealed texts, every row a known holder's login touches. */
import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { newAuditSalt } from '../src/crypto/audit-subject.ts'
import { createDataKey, sealWithDataKey } from '../src/crypto/data-key.ts'
import { hashHolderIdentifier, hashInstitutionIdentifier } from '../src/crypto/identifier-hash.ts'
import { newId, randomText } from '../src/crypto/random.ts'
import { holderKeyIdentifier, NORMALISATION } from '../src/domain/identifier.ts'
import type { IdentityId } from '../src/domain/ids.ts'
import { insertRows } from './cluster.ts'
import { SECTOR, type World } from './world.ts'

const BATCH = 1_000
const INSTITUTION = 'https://institution.example'
const NOW = new Date().toISOString()

/** What the floor must know of a person, since it shares no key with the service. */
export interface KnownPerson {
  identityId: string
  matchId: string
  bindingId: string
  holderHash: string
}

/**
 * Loads people until there are `until`, of whom `from` are there already. The first of all have the given thumbprints; what
 * was made of those is returned.
 */
export async function loadPeople(
  superuser: pg.Client,
  world: World,
  thumbprints: readonly string[],
  range: { from: number; until: number },
): Promise<KnownPerson[]> {
  const known: KnownPerson[] = []
  let writing: Promise<void> = Promise.resolve()
  for (let at = range.from; at < range.until; at += BATCH) {
    const size = Math.min(BATCH, range.until - at)
    const people = Array.from({ length: size }, (_, index) =>
      makePerson(world, thumbprints[at + index]),
    )
    for (const person of people)
      if (known.length + range.from < thumbprints.length) known.push(person.known)
    await writing // one batch is written while the next is made
    writing = writeBatch(superuser, people)
  }
  await writing
  return known
}

type Person = ReturnType<typeof makePerson>

function makePerson({ keyring, tenantId: tenant }: World, walletKey: string | undefined) {
  const identityId = newId() as IdentityId
  const [matchId, accountMatchId, bindingId] = [newId(), newId(), newId()]
  const { wrapped, version, key } = createDataKey(keyring, tenant, identityId)
  const account = randomText()
  const input = { tenant, normalisation: NORMALISATION }
  const holderKey = walletKey ?? randomBytes(32).toString('base64url')
  const [holder] = hashHolderIdentifier(keyring, { ...input, ...holderKeyIdentifier(holderKey) })
  const [institution] = hashInstitutionIdentifier(keyring, {
    ...{ ...input, type: 'SUBJECT_ID', namespace: INSTITUTION, parts: ['sub', account] },
  })
  if (holder === undefined || institution === undefined)
    throw new TypeError('a keyring without keys')
  const seal = (column: string, text: string) =>
    sealWithDataKey(key, { tenant, table: 'identity_link_binding', column, row: bindingId }, text)
  const common = { tenant_id: tenant, created_at: NOW }
  const match = { ...common, internal_identity_id: identityId, updated_at: NOW, last_used_at: NOW }
  return {
    known: { identityId, matchId, bindingId, holderHash: holder.hash } satisfies KnownPerson,
    identity: {
      ...{ ...common, id: identityId, status: 'ACTIVE', wrapped_data_key: wrapped },
      ...{ data_key_version: version, audit_salt: newAuditSalt(keyring) },
    },
    matches: [
      {
        ...{ ...match, id: matchId, identifier_hash: holder.hash, identifier_type: 'KEY' },
        ...{ hash_key: 'A', hash_key_version: holder.version },
      },
      {
        ...{ ...match, id: accountMatchId, identifier_hash: institution.hash },
        ...{ identifier_type: 'SUBJECT_ID', hash_key: 'B', hash_key_version: institution.version },
      },
    ],
    binding: {
      ...{ ...common, id: bindingId, match_id: matchId, updated_at: NOW, last_used_at: NOW },
      ...{ holder_identifier_hash: holder.hash, holder_hash_key_version: holder.version },
      ...{ institution_identifier_hash: institution.hash },
      ...{ institution_hash_key_version: institution.version, institution_id_label: 'sub' },
      encrypted_institution_id: seal('encrypted_institution_id', account),
      encrypted_institution_id_key_version: version,
      persisted_attributes_envelope: seal(
        'persisted_attributes_envelope',
        JSON.stringify(ATTRIBUTES),
      ),
      ...{ assurance_summary: ASSURANCE, canonical_schema_version: '1', reconcile_time: NOW },
      ...{ material_profile_version: '1', selector_rule_version: '1' },
    },
    subject: { ...common, identity_id: identityId, sector: SECTOR, subject: randomText() },
  }
}

/** What is kept of everybody. */
export const ATTRIBUTES = {
  given_name: 'Ada',
  family_name: 'Lovelace',
  email: 'ada.lovelace@university.demo.example',
  institution_id: 'university.demo.example',
  eduperson_scoped_affiliation: [
    'student@university.demo.example',
    'member@university.demo.example',
  ],
}
const ASSURANCE = JSON.stringify({ acr: [], amr: ['pwd'], authTime: 1_790_000_000 })

async function writeBatch(superuser: pg.Client, people: readonly Person[]): Promise<void> {
  const write = (table: string, rows: readonly Record<string, string | number>[]) =>
    insertRows(superuser, table, rows)
  await superuser.query('BEGIN')
  await write(
    'identity',
    people.map((person) => person.identity),
  )
  await write(
    'identity_match',
    people.flatMap((person) => person.matches),
  )
  await write(
    'identity_link_binding',
    people.map((person) => person.binding),
  )
  await write(
    'pairwise_subject',
    people.map((person) => person.subject),
  )
  await superuser.query('COMMIT')
}
