/** `relying_party.parity` and `contract`: what a relying party's tokens have to hold. */
import { sql } from 'kysely'
import type { ClientId, TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement } from './statement.ts'

interface Client {
  tenantId: TenantId
  clientId: ClientId
  now: IsoInstant
}

/** off or enforced → recording; the next login makes the contract out of what is promised already. */
export const beginContract = sqlStatement(
  'begin_contract',
  (p: Params<Client & { contract: string }>) => sql<{ client_id: ClientId }>`
    UPDATE relying_party
       SET parity = 'recording', contract = ${p('contract')}, contract_recorded_at = NULL, updated_at = ${p('now')}
     WHERE tenant_id = ${p('tenantId')} AND client_id = ${p('clientId')}
    RETURNING client_id`,
)

/** recording → enforced, once: of several logins at the same moment one makes the contract. */
export const recordContract = sqlStatement(
  'record_contract',
  (p: Params<Client & { contract: string }>) => sql<{ client_id: ClientId }>`
    UPDATE relying_party
       SET parity = 'enforced', contract = ${p('contract')}, contract_recorded_at = ${p('now')}, updated_at = ${p('now')}
     WHERE tenant_id = ${p('tenantId')} AND client_id = ${p('clientId')} AND parity = 'recording'
    RETURNING client_id`,
)

/** any → off. */
export const dropContract = sqlStatement(
  'drop_contract',
  (p: Params<Client>) => sql<{ client_id: ClientId }>`
    UPDATE relying_party SET parity = 'off', contract = NULL, contract_recorded_at = NULL, updated_at = ${p('now')}
     WHERE tenant_id = ${p('tenantId')} AND client_id = ${p('clientId')} AND parity <> 'off'
    RETURNING client_id`,
)
