/** `tenant`: found by the path's slug before any tenant is set, so the table has no row-level security. */
import { type Selectable, sql } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import type { Tenant } from '../domain/tenant.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { TenantTable } from './schema.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

interface TenantSettings {
  nameEn: string
  nameNl: string
  colour: string
  noticeUrl: string | null
  enabled: 0 | 1
  crossDevice: 0 | 1
  digitalCredentials: 0 | 1
  haip: 0 | 1
  directLogin: 0 | 1
  pushedRequestsOnly: 0 | 1
  consent: 0 | 1
  singleSignOnMinutes: number
  trustFourEyes: 0 | 1
  lastUsed: 'exact' | 'day'
  clientIdPrefix: 'x509_hash' | 'x509_san_dns'
  responseMode: 'direct_post' | 'direct_post.jwt'
  walletScheme: string
  now: IsoInstant
}

/** The columns that the administration sets, new or anew. */
const settingsOf = (p: Params<TenantSettings>) => ({
  name_en: p('nameEn'),
  name_nl: p('nameNl'),
  colour: p('colour'),
  notice_url: p('noticeUrl'),
  enabled: p('enabled'),
  cross_device: p('crossDevice'),
  digital_credentials: p('digitalCredentials'),
  haip: p('haip'),
  direct_login: p('directLogin'),
  require_pushed_authorization_requests: p('pushedRequestsOnly'),
  consent: p('consent'),
  single_sign_on_minutes: p('singleSignOnMinutes'),
  trust_four_eyes: p('trustFourEyes'),
  last_used: p('lastUsed'),
  client_id_prefix: p('clientIdPrefix'),
  response_mode: p('responseMode'),
  wallet_scheme: p('walletScheme'),
  updated_at: p('now'),
})

export const findTenantBySlug = statement('find_tenant_by_slug', (q, p: Params<{ slug: string }>) =>
  q.selectFrom('tenant').selectAll().where('slug', '=', p('slug')),
)

export const findTenantById = statement('find_tenant_by_id', (q, p: Params<{ id: TenantId }>) =>
  q.selectFrom('tenant').selectAll().where('id', '=', p('id')),
)

/** The number every change of a tenant's configuration raises; nothing for a tenant that is gone. */
export const findTenantRevision = statement(
  'find_tenant_revision',
  (q, p: Params<{ id: TenantId }>) =>
    q.selectFrom('tenant').select('revision').where('id', '=', p('id')),
)

/** Every tenant most jobs walk: the reserved one too, but none that ended, for its trail takes no more events. */
export const listLivingTenantIds = statement(
  'list_living_tenant_ids',
  (q, _: Params<Record<never, never>>) =>
    q.selectFrom('tenant').select(['id', 'slug']).where('ended_at', 'is', null).orderBy('id'),
)

/** Every tenant there is or was, the reserved one included. */
export const listTenantIds = statement('list_tenant_ids', (q, _: Params<Record<never, never>>) =>
  q.selectFrom('tenant').select(['id', 'slug']).orderBy('id'),
)

export const listTenants = statement(
  'list_tenants',
  (q, p: Params<{ afterSlug: string; limit: number }>) =>
    q
      .selectFrom('tenant')
      .selectAll()
      .where('slug', '>', p('afterSlug'))
      .where('id', '!=', 'system' as TenantId)
      .where('ended_at', 'is', null)
      .orderBy('slug')
      .limit(p('limit')),
)

export const insertTenant = statement(
  'insert_tenant',
  (q, p: Params<TenantSettings & { id: TenantId; slug: string }>) =>
    q.insertInto('tenant').values({
      id: p('id'),
      slug: p('slug'),
      ...settingsOf(p),
      created_at: p('now'),
    }),
)

/** The settings; `raiseRevision` beside it tells the other instances. */
export const updateTenant = statement(
  'update_tenant',
  (q, p: Params<TenantSettings & { id: TenantId }>) =>
    q.updateTable('tenant').set(settingsOf(p)).where('id', '=', p('id')),
)

/** Part of every transaction that changes a tenant's configuration: instances notice the new number. */
export const raiseRevision = sqlStatement(
  'raise_revision',
  (p: Params<{ id: TenantId; now: IsoInstant }>) => sql<{ revision: number }>`
    UPDATE tenant SET revision = revision + 1, updated_at = ${p('now')} WHERE id = ${p('id')} RETURNING revision`,
)

/** The row as flows see it. */
export function readTenant(row: Selectable<TenantTable>): Tenant {
  return {
    id: row.id,
    slug: row.slug,
    name: { en: row.name_en, nl: row.name_nl },
    colour: row.colour,
    noticeUrl: row.notice_url ?? undefined,
    enabled: row.enabled === 1,
    crossDevice: row.cross_device === 1,
    digitalCredentials: row.digital_credentials === 1,
    haip: row.haip === 1,
    directLogin: row.direct_login === 1,
    pushedRequestsOnly: row.require_pushed_authorization_requests === 1,
    consent: row.consent === 1,
    singleSignOnMinutes: row.single_sign_on_minutes,
    trustFourEyes: row.trust_four_eyes === 1,
    lastUsed: row.last_used,
    clientIdPrefix: row.client_id_prefix,
    responseMode: row.response_mode,
    walletScheme: row.wallet_scheme,
    revision: row.revision,
    ended: row.ended_at !== null,
  }
}
