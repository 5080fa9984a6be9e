/**
 * Tenants with everything a login needs, prepared once (prepare-tenant.ts) and kept until their revision changes. An
 * instance asks for the revision at most once a second, so a change reaches the instance that made it at once and every
 * other one within {@link RECHECK}. Where a second is too long (a disabled relying party's tokens, an erased person) the
 * statement itself looks (`store/grant.ts`).
 */
import type { VerifyingKey } from '../crypto/access-token.ts'
import type { Keyring } from '../crypto/keyring.ts'
import type { PrivateKey } from '../crypto/sealed-signing-key.ts'
import type { PreparedSelector } from '../domain/choose-plan.ts'
import type { DcqlQuery } from '../domain/dcql.ts'
import { type ClientId, type ProviderId, SYSTEM_TENANT } from '../domain/ids.ts'
import type { PolicyVersions } from '../domain/journey.ts'
import type { PolicyDocuments, PolicyKind } from '../domain/policy.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import type { Tenant } from '../domain/tenant.ts'
import { type Clock, isRecent, SECOND } from '../domain/time.ts'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'
import type { ConnectedProvider } from '../institution/connection.ts'
import type { KeySet } from '../institution/key-set.ts'
import type { Outbound } from '../outbound/guard.ts'
import type { AuthorizationServer } from '../store/authorization-server.ts'
import { type BridgeDatabase, read } from '../store/database.ts'
import type { Provider } from '../store/provider.ts'
import { findTenantBySlug, findTenantRevision, readTenant } from '../store/tenant.ts'
import type { RequestSigner } from '../wallet/request-signer.ts'
import type { PreparedTrust, TrustMeans } from '../wallet/trust.ts'
import { prepareTenant } from './prepare-tenant.ts'
import type { StoredRegistration } from './registration-view.ts'

/** How long an instance believes a revision it has seen. */
const RECHECK = 1 * SECOND
/** Prepared tenants an instance keeps; they go in the order they came. */
const MOST_TENANTS = 1_000

export interface TokenKey {
  kid: string
  privateKey: PrivateKey
}

/** An authorization server of the tenant's own. */
export interface ForeignIssuer extends AuthorizationServer {
  keys: KeySet
}

/** A published policy document with the number under which it was published. */
export interface Policies {
  documents: PolicyDocuments
  versions: PolicyVersions
}

export interface PreparedTenant {
  readonly tenant: Tenant
  readonly issuer: string
  /** Undefined until a document of every kind has been published. */
  readonly policies: Policies | undefined
  /** The key new journeys begin with; undefined until the tenant has one. */
  readonly requestKid: string | undefined
  /** The same for the requests of a relying party: its own access certificate if it has one (TR-40). */
  requestKidFor(clientId: ClientId): string | undefined
  /** What goes with a relying party's requests to wallets, of what is not past its end. */
  registrationsFor(clientId: ClientId): readonly StoredRegistration[]
  readonly requestSigners: ReadonlyMap<string, RequestSigner>
  readonly tokenKeys: ReadonlyMap<TokenAlgorithm, TokenKey>
  /** Every key a token of this tenant may be signed with, by `kid`. */
  readonly verifyingKeys: ReadonlyMap<string, VerifyingKey>
  /** The tenant's own authorization servers, by issuer, with their keys at hand. */
  readonly authorizationServers: ReadonlyMap<string, ForeignIssuer>
  /** The public JSON Web Key Set, next and retiring keys included. */
  readonly jwks: { readonly keys: readonly object[] }
  readonly providers: readonly Provider[]
  relyingParty(clientId: ClientId): Promise<RelyingParty | undefined>
  /** The keys that a relying party publishes at its `jwks_uri`. */
  publishedKeys(jwksUri: string): KeySet
  /** Whether there is an initial access token that is good now: else nobody may register by themselves (RFC 7591). */
  registersClients(): boolean
  /** A document by its number: journeys end with the policies they began with. */
  policy<K extends PolicyKind>(kind: K, version: number): Promise<PolicyDocuments[K]>
  /**
   * What wallets are asked for a relying party under these versions: the query, less the claims that no attribute rule or
   * material uses, and those that only reach claims it may not have.
   */
  question(versions: PolicyVersions, clientId: ClientId): Promise<DcqlQuery>
  trust(version: number): Promise<PreparedTrust>
  /** The rules of a selector policy, ready to be asked. */
  selector(version: number): Promise<PreparedSelector>
  /** Fetch and caches that verifying credentials of this tenant needs. */
  readonly trustMeans: TrustMeans
  /** A provider ready to be spoken to, as its row is now. */
  connect(provider: Provider): Promise<ConnectedProvider>
  /** A provider by its id, enabled or not. */
  provider(id: ProviderId): Promise<Provider | undefined>
}

export interface Tenants {
  /** The tenant of a path; undefined when there is none, it is disabled, or it is the reserved one. */
  find(slug: string): Promise<PreparedTenant | undefined>
  /** The same, also where it is disabled: for what goes on then, which is erasure and telling others of it. */
  findAlsoDisabled(slug: string): Promise<PreparedTenant | undefined>
  /** Forgets what is prepared, after a change made here. */
  forget(slug: string): void
}

/** What preparing a tenant takes. */
export type TenantMeans = {
  db: BridgeDatabase
  keyring: Keyring
  outbound: Outbound
  clock: Clock
  publicUrl: string
}

interface Kept {
  prepared: PreparedTenant
  checkedAt: number
}

export function createTenants(means: TenantMeans): Tenants {
  const kept = new Map<string, Kept>()
  const loading = new Map<string, Promise<PreparedTenant | undefined>>()

  async function load(slug: string): Promise<PreparedTenant | undefined> {
    const [rows] = await read(means.db, SYSTEM_TENANT, [findTenantBySlug({ slug })])
    const [row] = rows
    if (row === undefined || row.id === SYSTEM_TENANT || row.ended_at !== null) return undefined
    return await prepareTenant(means, readTenant(row))
  }

  function keep(slug: string, known: Kept): void {
    kept.delete(slug)
    kept.set(slug, known)
    const [oldest] = kept.keys()
    if (kept.size > MOST_TENANTS && oldest !== undefined) kept.delete(oldest)
  }

  /** Parallel requests of one tenant load it once. What was forgotten meanwhile serves those who wait for it, and nobody after. */
  function loadOnce(slug: string): Promise<PreparedTenant | undefined> {
    const running = loading.get(slug)
    if (running !== undefined) return running
    const checkedAt = means.clock()
    const isWanted = () => loading.get(slug) === started
    const started = load(slug)
      .then((prepared) => {
        if (prepared !== undefined && isWanted()) keep(slug, { prepared, checkedAt })
        return prepared
      })
      .finally(() => isWanted() && loading.delete(slug))
    loading.set(slug, started)
    return started
  }

  async function findAlsoDisabled(slug: string): Promise<PreparedTenant | undefined> {
    const known = kept.get(slug)
    if (known === undefined) return loadOnce(slug)
    if (isRecent(known.checkedAt, RECHECK, means.clock())) return known.prepared
    const { tenant } = known.prepared
    const [rows] = await read(means.db, tenant.id, [findTenantRevision({ id: tenant.id })])
    if (rows[0]?.revision !== tenant.revision) {
      kept.delete(slug)
      return loadOnce(slug)
    }
    known.checkedAt = means.clock()
    return known.prepared
  }

  return {
    findAlsoDisabled,
    async find(slug) {
      const prepared = await findAlsoDisabled(slug)
      return prepared?.tenant.enabled === true ? prepared : undefined
    },
    forget(slug) {
      kept.delete(slug)
      loading.delete(slug)
    },
  }
}
