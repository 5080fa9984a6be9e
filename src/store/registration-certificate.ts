/** `registration_certificate`: what wallets are told a relying party may ask for, one a relying party and format. */
import { sql } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

/** Every certificate of a tenant, its own first. */
export const listRegistrationCertificates = statement(
  'list_registration_certificates',
  (q, p: Params<{ tenantId: TenantId }>) =>
    q
      .selectFrom('registration_certificate')
      .select(['id', 'client_id', 'format', 'document', 'not_after', 'created_at'])
      .where('tenant_id', '=', p('tenantId'))
      .orderBy('client_id')
      .orderBy('format')
      .limit(1000),
)

/** Puts a certificate in the place of the one there was for that relying party and format; returns the row's id. */
export const storeRegistrationCertificate = sqlStatement(
  'store_registration_certificate',
  (
    p: Params<{
      tenantId: TenantId
      id: string
      clientId: string
      format: string
      document: string
      notAfter: IsoInstant | null
      now: IsoInstant
    }>,
  ) => sql<{ id: string }>`
    INSERT INTO registration_certificate (tenant_id, id, client_id, format, document, not_after, created_at)
    VALUES (${p('tenantId')}, ${p('id')}, ${p('clientId')}, ${p('format')}, ${p('document')}, ${p('notAfter')}, ${p('now')})
    ON CONFLICT (tenant_id, client_id, format) DO UPDATE
      SET document = excluded.document, not_after = excluded.not_after, created_at = excluded.created_at
    RETURNING id`,
)

export const deleteRegistrationCertificate = statement(
  'delete_registration_certificate',
  (q, p: Params<{ tenantId: TenantId; id: string }>) =>
    q
      .deleteFrom('registration_certificate')
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)
