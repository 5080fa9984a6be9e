/** The tenant, the relying party and the sample of people that both sides of a bench are measured with. */
import { createECDH, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createIssuer, DEMO_PERSON, type Issuer } from '../demo/issuer.ts'
import { demoPolicies } from '../demo/policies.ts'
import { encrypt, presentCredential } from '../demo/wallet-answer.ts'
import { readConfig } from '../src/config.ts'
import { createKeyringText, type Keyring, parseKeyring } from '../src/crypto/keyring.ts'
import { validatePublicJwk, thumbprint } from '../src/crypto/thumbprint.ts'
import { ADMIN_SCOPE_NAMES, type AdminActor } from '../src/domain/admin.ts'
import type { TenantId } from '../src/domain/ids.ts'
import { createTenant } from '../src/flow/create-tenant.ts'
import { registerRelyingParty } from '../src/flow/register-relying-party.ts'
import { createTenants } from '../src/flow/tenants.ts'
import { createOutbound } from '../src/outbound/guard.ts'
import { closeDatabase, openDatabase } from '../src/store/database.ts'
import { freePort } from '../test/support/bridge.ts'

export const REDIRECT_URI = 'https://app.example/callback'
export const SECTOR = 'app.example'
export const CLIENT_ID = 'app'
const ACTOR: AdminActor = { id: 'bench', forTenant: undefined, scopes: ADMIN_SCOPE_NAMES }

export interface World {
  tenantId: TenantId
  keyring: Keyring
  keyringText: string
  issuer: Issuer
  environment: Record<string, string>
  publicUrl: string
  clientSecret: string
}
