/** Sealed texts of people with the data key that opens each: what the check against the trail walks (protocols 11, row 41). */
import { type RawBuilder, sql } from 'kysely'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { Database } from './schema.ts'
import { type Params, type Step, sqlStatement } from './statement.ts'

/** One row; `texts` in the order of the table's columns. */
export interface SealRow {
  id: string
  texts: readonly (Sealed | null)[]
  owner: IdentityId
  /** Null where the owner was erased. */
  wrapped: Sealed | null
}

type Page = { tenantId: TenantId; afterId: string; limit: number }
type These = { tenantId: TenantId; ids: readonly string[] }

const bindings = (rows: RawBuilder<unknown>) => sql<SealRow>`
    SELECT b.id, ARRAY[b.encrypted_institution_id, b.persisted_attributes_envelope, b.credential_status] AS texts,
           k.id AS owner, k.wrapped_data_key AS wrapped
      FROM (SELECT * FROM identity_link_binding WHERE ${rows}) b
      JOIN identity_match m ON m.tenant_id = b.tenant_id AND m.id = b.match_id
      JOIN identity k ON k.tenant_id = m.tenant_id
       AND k.id = CASE WHEN b.key_identity_id IS NULL THEN m.internal_identity_id ELSE b.key_identity_id END
     ORDER BY b.id`

const auxiliary = (rows: RawBuilder<unknown>) => sql<SealRow>`
    SELECT a.id, ARRAY[a.encrypted_payload] AS texts, k.id AS owner, k.wrapped_data_key AS wrapped
      FROM (SELECT * FROM auxiliary_data WHERE ${rows}) a
      JOIN identity k ON k.tenant_id = a.tenant_id AND k.id = a.identity_id
     ORDER BY a.id`

const page = (p: Params<Page>) =>
  sql`tenant_id = ${p('tenantId')} AND id > ${p('afterId')} ORDER BY id LIMIT ${p('limit')}`
const these = (p: Params<These>) =>
  sql`tenant_id = ${p('tenantId')} AND id = ANY (${p('ids')}::text[])`

export const listBindingSeals = sqlStatement('list_binding_seals', (p: Params<Page>) =>
  bindings(page(p)),
)
export const findBindingSeals = sqlStatement('find_binding_seals', (p: Params<These>) =>
  bindings(these(p)),
)
export const listAuxiliarySeals = sqlStatement('list_auxiliary_seals', (p: Params<Page>) =>
  auxiliary(page(p)),
)
export const findAuxiliarySeals = sqlStatement('find_auxiliary_seals', (p: Params<These>) =>
  auxiliary(these(p)),
)

/** A table with texts under data keys, those columns, and its statements: all rows page by page, and some of them again. */
export interface SealTable {
  table: keyof Database
  columns: readonly string[]
  list: (page: Page) => Step<SealRow>
  find: (these: These) => Step<SealRow>
}

export const SEAL_ROWS: readonly SealTable[] = [
  {
    table: 'identity_link_binding',
    columns: ['encrypted_institution_id', 'persisted_attributes_envelope', 'credential_status'],
    list: listBindingSeals,
    find: findBindingSeals,
  },
  {
    table: 'auxiliary_data',
    columns: ['encrypted_payload'],
    list: listAuxiliarySeals,
    find: findAuxiliarySeals,
  },
]
