/** The tenant and the relying party that a bench measures with, made through the service's own flows. */
import { createIssuer, type Issuer } from '../demo/issuer.ts'
import { demoPolicies } from '../demo/policies.ts'
import { readConfig } from '../src/config.ts'
import { createKeyringText, type Keyring, parseKeyring } from '../src/crypto/keyring.ts'
import { ADMIN_SCOPE_NAMES, type AdminActor } from '../src/domain/admin.ts'
import type { Capabilities } from '../src/domain/client-capabilities.ts'
import type { TenantId } from '../src/domain/ids.ts'
import { createTenant } from '../src/flow/create-tenant.ts'
import {
  type RelyingPartyRequest,
  registerRelyingParty,
} from '../src/flow/register-relying-party.ts'
import { DEFAULT_SETTINGS } from '../src/flow/tenant-settings.ts'
import { createTenants } from '../src/flow/tenants.ts'
import { createOutbound } from '../src/outbound/guard.ts'
import { closeDatabase, openDatabase } from '../src/store/database.ts'

export const SLUG = 'bench'
export const CLIENT_ID = 'app'
/** A second one, which also refreshes and acts for itself. */
export const AGENT_ID = 'agent'
/** The resource its own tokens are for. */
export const API = 'https://api.example/'
export const REDIRECT_URI = 'https://app.example/callback'
/** The sector that follows from the redirect URI. */
export const SECTOR = 'app.example'
const ACTOR: AdminActor = { id: 'bench', scopes: ADMIN_SCOPE_NAMES }

/** Limits out of the way, nothing logged but errors, no jobs: what is measured is logins. */
export const ENVIRONMENT = {
  PUBLIC_URL: 'https://bridge.example',
  PORT: '0',
  RATE_LIMIT_PER_MINUTE: '100000000',
  LOG_LEVEL: 'error',
  JOBS: 'no',
}

export interface World {
  tenantId: TenantId
  keyring: Keyring
  keyringText: string
  issuer: Issuer
  clientSecret: string
  agentSecret: string
}

/** Sets both up on an empty, migrated database. */
export async function createWorld(runtimeUrl: string): Promise<World> {
  const keyringText = createKeyringText()
  const keyring = parseKeyring(keyringText)
  const issuer = createIssuer()
  const { config } = readConfig(ENVIRONMENT)
  const db = openDatabase({ connectionString: runtimeUrl, poolSize: 2 })
  const outbound = createOutbound({ allowLoopback: false })
  const clock = Date.now
  const { publicUrl } = config
  const tenants = createTenants({ db, keyring, outbound, clock, publicUrl })
  const deps = { db, keyring, clock, config, outbound, tenants }
  try {
    const { tenant } = await createTenant(deps, ACTOR, {
      slug: SLUG,
      settings: { ...DEFAULT_SETTINGS, name: { en: 'Bench', nl: 'Bank' } },
      requestIdentity: undefined,
      policies: demoPolicies(issuer),
    })
    const asked: Omit<RelyingPartyRequest, 'clientId'> = {
      ...{ name: 'Course catalogue', redirectUris: [REDIRECT_URI] },
      ...{ authentication: 'client_secret_basic', jwks: undefined, idTokenAlgorithm: 'ES256' },
      ...{ requirePkce: true, claimsInIdToken: false, sector: undefined },
      purpose: { en: 'To show your courses.', nl: 'Om je vakken te tonen.' },
    }
    const register = async (request: Partial<Capabilities> & { clientId: string }) =>
      (await registerRelyingParty(deps, ACTOR, SLUG, { ...asked, ...request })).clientSecret ?? ''
    const clientSecret = await register({ clientId: CLIENT_ID })
    const agentSecret = await register({
      ...{ clientId: AGENT_ID, offlineAccessNeeded: false },
      grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
      ...{ machineScopes: ['reconciliation:read'], audiences: [API] },
    })
    return { tenantId: tenant.id, keyring, keyringText, issuer, clientSecret, agentSecret }
  } finally {
    await outbound.close()
    await closeDatabase(db)
  }
}
