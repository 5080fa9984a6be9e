/** A tenant for the population, made and used through the service's own flows; HTTP is left out, nothing else. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createIssuer, type Issuer } from '../demo/issuer.ts'
import { DEMO_PROVIDER } from '../demo/policies.ts'
import { readConfig } from '../src/config.ts'
import { createKeyringText, parseKeyring } from '../src/crypto/keyring.ts'
import type { Deps } from '../src/deps.ts'
import { ADMIN_SCOPE_NAMES, type AdminActor } from '../src/domain/admin.ts'
import type { TenantId } from '../src/domain/ids.ts'
import { createCheckpointPlaces } from '../src/flow/checkpoint-places.ts'
import { createTenant } from '../src/flow/create-tenant.ts'
import { registerProvider } from '../src/flow/register-provider.ts'
import { registerRelyingParty } from '../src/flow/register-relying-party.ts'
import { DEFAULT_SETTINGS } from '../src/flow/tenant-settings.ts'
import { createTenants } from '../src/flow/tenants.ts'
import { createMetrics } from '../src/metrics.ts'
import { createOutbound } from '../src/outbound/guard.ts'
import { closeDatabase, openDatabase } from '../src/store/database.ts'
import { HOME, startUniversity, type University } from './institution.ts'
import type { PolicySet } from './policies.ts'

export const CLIENT_ID = 'app'
export const REDIRECT_URI = 'https://app.example/callback'
const ACTOR: AdminActor = { id: 'population', scopes: ADMIN_SCOPE_NAMES }

export interface World {
  deps: Omit<Deps, 'log' | 'stopping'>
  issuer: Issuer
  university: University
  /** Takes one of a store of keys that were made beforehand: a wallet's key is not what is measured. */
  newKey(): KeyObject
  stop(): Promise<void>
}

/** On an empty, migrated database. */
export async function openWorld(runtimeUrl: string, at: number): Promise<World> {
  const { config } = readConfig({
    ...{ PUBLIC_URL: 'https://bridge.example', ALLOW_LOOPBACK: 'yes', JOBS: 'no' },
  })
  const keyring = parseKeyring(createKeyringText())
  const db = openDatabase({ connectionString: runtimeUrl, poolSize: at })
  const outbound = createOutbound({ allowLoopback: true })
  const clock = Date.now
  const { publicUrl } = config
  const tenants = createTenants({ db, keyring, outbound, clock, publicUrl })
  const metrics = createMetrics({ processMetrics: false })
  const checkpointPlaces = createCheckpointPlaces({ places: [], outbound })
  const university = await startUniversity()
  return {
    deps: { config, db, keyring, outbound, tenants, checkpointPlaces, clock, metrics },
    issuer: createIssuer(),
    university,
    newKey: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    async stop() {
      await outbound.close()
      await closeDatabase(db)
      await university.close()
    },
  }
}

/** A tenant with these policies; returns its id. */
export async function addTenant(world: World, set: PolicySet): Promise<TenantId> {
  const { deps, university } = world
  const { tenant } = await createTenant(deps, ACTOR, {
    slug: set.name,
    settings: {
      ...{ ...DEFAULT_SETTINGS, name: { en: set.name, nl: set.name }, responseMode: 'direct_post' },
    },
    requestIdentity: undefined,
    policies: set.documents,
  })
  await registerProvider(deps, ACTOR, set.name, {
    ...{ slug: DEMO_PROVIDER, name: 'University', issuer: university.issuer, clientId: 'bridge' },
    ...{ authentication: 'client_secret_basic', clientSecret: 'secret', privateKey: undefined },
    ...{ scopes: ['openid', 'profile'], idTokenAlgorithm: 'ES256', confirmedHosts: undefined },
    ...{ subjectType: 'public', identifierAttribute: 'sub', attributeMappings: {} },
    ...{ acr: undefined, amr: undefined, allowedOrganizations: [HOME] },
  })
  await registerRelyingParty(deps, ACTOR, set.name, {
    ...{ clientId: CLIENT_ID, name: 'App', redirectUris: [REDIRECT_URI], jwks: undefined },
    ...{ authentication: 'client_secret_basic', idTokenAlgorithm: 'ES256', requirePkce: true },
    ...{ claimsInIdToken: false, sector: undefined, purpose: undefined },
  })
  return tenant.id
}
