/** People as a login leaves them, in bulk: what key migrations are tried and measured on. */
import type pg from 'pg'
import { newAuditSalt } from '../src/crypto/audit-subject.ts'
import { createDataKey, sealWithDataKey } from '../src/crypto/data-key.ts'
import { hashHolderIdentifier, hashInstitutionIdentifier } from '../src/crypto/identifier-hash.ts'
import type { Keyring } from '../src/crypto/keyring.ts'
import { newId } from '../src/crypto/random.ts'
import {
  holderKeyIdentifier,
  type Identifier,
  NORMALISATION,
  providerSubjectIdentifier,
} from '../src/domain/identifier.ts'
import type { IdentityId, TenantId } from '../src/domain/ids.ts'
import type { IsoInstant } from '../src/domain/time.ts'
import { insertRows } from './cluster.ts'

export const ISSUER = 'https://institution.example'
const ATTRIBUTE = 'sub'

/** What person `number` is known by: their wallet's key, and their account. */
export function walletOf(number: number): Identifier {
  return holderKeyIdentifier(`thumbprint-${number}`)
}
export function accountOf(number: number): Identifier {
  const identifier = providerSubjectIdentifier(ISSUER, ATTRIBUTE, `account-${number}`)
  if (identifier === undefined) throw new TypeError('an account has a name')
  return identifier
}

type Row = Readonly<Record<string, string | number>>

export interface Loading {
  superuser: pg.Client
  keyring: Keyring
  tenantId: TenantId
  /** When everybody was last here. */
  lastUsedAt: IsoInstant
}

/** The provider that everybody's account is at. */
export async function loadProvider({
  superuser,
  tenantId,
  lastUsedAt: at,
}: Loading): Promise<void> {
  await insertRows(superuser, 'reconciliation_provider', [
    {
      ...{ id: `provider-${tenantId}`, tenant_id: tenantId, slug: 'surf', name: 'SURF' },
      ...{ issuer: ISSUER, oidc_client_id: 'bridge', client_auth_method: 'client_secret_basic' },
      ...{ scopes: '["openid"]', metadata: '{}', created_at: at, updated_at: at },
    },
  ])
}

/** Persons `from` to `from + count - 1`: each with a wallet, an account, and a link between the two. */
export async function loadPeople(loading: Loading, from: number, count: number): Promise<void> {
  const people = Array.from({ length: count }, (_, index) => makePerson(loading, from + index))
  const rows = (of: (person: (typeof people)[number]) => readonly Row[]) => people.flatMap(of)
  const { superuser } = loading
  await insertRows(
    superuser,
    'identity',
    rows(({ identity }) => identity),
  )
  await insertRows(
    superuser,
    'identity_match',
    rows(({ matches }) => matches),
  )
  await insertRows(
    superuser,
    'identity_link_binding',
    rows(({ bindings }) => bindings),
  )
}

/**
 * The same people once more in another tenant, whose provider is there: rows of the same size and shape, which no key opens
 * there. Ids that no two tenants may share are turned round.
 */
export async function copyPeople(
  superuser: pg.Client,
  from: TenantId,
  to: TenantId,
): Promise<void> {
  const otherwise: Readonly<Record<string, string>> = {
    tenant_id: '$2',
    provider_id: `'provider-' || $2`,
    match_id: 'reverse(match_id)',
  }
  for (const table of ['identity', 'identity_match', 'identity_link_binding']) {
    const { rows } = await superuser.query<{ name: string }>(
      `SELECT column_name AS name FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position`,
      [table],
    )
    const names = rows.map(({ name }) => name)
    const id = table === 'identity' ? 'id' : 'reverse(id)'
    const values = names.map((name) => (name === 'id' ? id : (otherwise[name] ?? name)))
    await superuser.query(
      `INSERT INTO ${table} (${names.join(', ')})
       SELECT ${values.join(', ')} FROM ${table} WHERE tenant_id = $1`,
      [from, to],
    )
  }
}

function makePerson({ keyring, tenantId: tenant, lastUsedAt: at }: Loading, number: number) {
  const [id, wallet, account, binding] = [newId() as IdentityId, newId(), newId(), newId()]
  const { wrapped, version, key } = createDataKey(keyring, tenant, id)
  const hashed = (identifier: Identifier) => ({
    ...identifier,
    tenant,
    normalisation: NORMALISATION,
  })
  const [holder] = hashHolderIdentifier(keyring, hashed(walletOf(number)))
  const [told] = hashInstitutionIdentifier(keyring, hashed(accountOf(number)))
  if (holder === undefined || told === undefined) throw new TypeError('a key without a version')
  const seal = (column: string, text: string) =>
    sealWithDataKey(key, { tenant, table: 'identity_link_binding', column, row: binding }, text)
  const times = { created_at: at, updated_at: at, last_used_at: at }
  const match = { tenant_id: tenant, internal_identity_id: id, ...times }
  return {
    identity: [
      {
        ...{ tenant_id: tenant, id, status: 'ACTIVE', wrapped_data_key: wrapped },
        ...{ data_key_version: version, audit_salt: newAuditSalt(keyring), created_at: at },
      },
    ],
    matches: [
      {
        ...{ id: wallet, ...match, identifier_type: 'KEY', hash_key: 'A' },
        ...{ identifier_hash: holder.hash, hash_key_version: holder.version },
      },
      {
        ...{ id: account, ...match, identifier_type: 'SUBJECT_ID', hash_key: 'B' },
        ...{ identifier_hash: told.hash, hash_key_version: told.version },
      },
    ],
    bindings: [
      {
        ...{ id: binding, tenant_id: tenant, match_id: wallet, ...times },
        ...{ holder_identifier_hash: holder.hash, holder_hash_key_version: holder.version },
        institution_identifier_hash: told.hash,
        institution_hash_key_version: told.version,
        encrypted_institution_id: seal('encrypted_institution_id', `account-${number}`),
        encrypted_institution_id_key_version: version,
        persisted_attributes_envelope: seal(
          'persisted_attributes_envelope',
          '{"given_name":"Ada"}',
        ),
        ...{ provider_id: `provider-${tenant}`, institution_id_label: ATTRIBUTE },
        material_fingerprints: JSON.stringify({ holder_key: holder, provider_subject: told }),
      },
    ],
  }
}
