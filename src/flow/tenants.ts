/**
 * A tenant with everything a login needs, prepared once: policies parsed, trust anchors read, keys imported, providers
 * connected. No request imports a key or reads a certificate.
 *
 * The prepared tenant is kept until its revision changes. An instance asks for the revision at most once a second, so a
 * change reaches the instance that made it at once and every other one within {@link RECHECK}. Where a second is too
 * long (a disabled relying party's tokens, an erased person) the statement itself looks (`store/grant.ts`).
 */
import type { Selectable } from 'kysely'
import type { VerifyingKey } from '../crypto/access-token.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { openUnder } from '../crypto/seal.ts'
import { openSigningKey, type PrivateKey } from '../crypto/sealed-signing-key.ts'
import { importVerifyingKey } from '../crypto/signing-key.ts'
import { keptWalletPaths, walletPaths } from '../domain/attributes.ts'
import { type PreparedSelector, prepareSelector } from '../domain/choose-plan.ts'
import type { DcqlQuery } from '../domain/dcql.ts'
import { leastQuery, markRetained } from '../domain/asked-query.ts'
import { NOTHING_DECLARED, rulesFor } from '../domain/declared.ts'
import { fail } from '../domain/failure.ts'
import { trustWithinHaip } from '../domain/haip.ts'
import { type ClientId, type ProviderId, SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import type { PolicyVersions } from '../domain/journey.ts'
import { materialPaths } from '../domain/material.ts'
import {
  POLICY_KINDS,
  type PolicyDocuments,
  type PolicyKind,
  readPolicy,
} from '../domain/policy.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import { issuerOf, type Tenant } from '../domain/tenant.ts'
import { type Clock, SECOND, toInstant } from '../domain/time.ts'
import { type ConnectedProvider, connectProvider } from '../institution/connection.ts'
import { createKeySet, type KeySet } from '../institution/key-set.ts'
import type { ProviderMetadata } from '../institution/provider.ts'
import type { Outbound } from '../outbound/guard.ts'
import {
  type AuthorizationServer,
  listAuthorizationServers,
  readAuthorizationServer,
} from '../store/authorization-server.ts'
import { type BridgeDatabase, read } from '../store/database.ts'
import { findCurrentPolicies, findPolicy } from '../store/policy.ts'
import { findProvider, listProviders, type Provider, readProvider } from '../store/provider.ts'
import { listRegistrationCertificates } from '../store/registration-certificate.ts'
import { listRegistrationTokens } from '../store/registration-token.ts'
import { findRelyingParty, readRelyingParty } from '../store/relying-party.ts'
import type { SigningKeyTable } from '../store/schema.ts'
import { listSigningKeys } from '../store/signing-key.ts'
import { findTenantBySlug, findTenantRevision, readTenant } from '../store/tenant.ts'
import { listTrustedLists } from '../store/trusted-list.ts'
import { createChainCache } from '../wallet/certificate-path.ts'
import { createAnswerShelf } from '../wallet/kept-answers.ts'
import { createIssuerKeyCache } from '../wallet/published-keys.ts'
import { prepareRequestSigner, type RequestSigner } from '../wallet/request-signer.ts'
import { createStatusListCache } from '../wallet/status-lookup.ts'
import { readStoredLists } from '../wallet/stored-list.ts'
import { type PreparedTrust, prepareTrust, type TrustMeans } from '../wallet/trust.ts'
import { answerStore } from './answer-store.ts'
import {
  readStoredRegistrations,
  registrationsFor,
  type StoredRegistration,
} from './registration-view.ts'
import { trustFetches } from './trust-fetches.ts'

/** How long an instance believes a revision it has seen. */
const RECHECK = 1 * SECOND
/** Prepared tenants and relying parties an instance keeps; tenants go in the order they came. */
const MOST_TENANTS = 1_000
const MOST_RELYING_PARTIES = 10_000

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
  readonly tokenKeys: ReadonlyMap<'ES256' | 'RS256', TokenKey>
  /** Every key a token of this tenant may be signed with, by `kid`. */
  readonly verifyingKeys: ReadonlyMap<string, VerifyingKey>
  /** The tenant's own authorization servers, by issuer, with their keys at hand. */
  readonly authorizationServers: ReadonlyMap<string, ForeignIssuer>
  /** The public JSON Web Key Set, next and retiring keys included. */
  readonly jwks: { readonly keys: readonly object[] }
  readonly providers: readonly Provider[]
  relyingParty(clientId: ClientId): Promise<RelyingParty | undefined>
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

type Means = {
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

export function createTenants(means: Means): Tenants {
  const kept = new Map<string, Kept>()
  const loading = new Map<string, Promise<PreparedTenant | undefined>>()

  async function load(slug: string): Promise<PreparedTenant | undefined> {
    const [rows] = await read(means.db, SYSTEM_TENANT, [findTenantBySlug({ slug })])
    const [row] = rows
    if (row === undefined || row.id === SYSTEM_TENANT || row.ended_at !== null) return undefined
    const prepared = await prepareTenant(means, readTenant(row))
    kept.delete(slug)
    kept.set(slug, { prepared, checkedAt: means.clock() })
    const [oldest] = kept.keys()
    if (kept.size > MOST_TENANTS && oldest !== undefined) kept.delete(oldest)
    return prepared
  }

  /** Parallel requests of one tenant load it once. */
  function loadOnce(slug: string): Promise<PreparedTenant | undefined> {
    const running = loading.get(slug)
    if (running !== undefined) return running
    const started = load(slug).finally(() => loading.delete(slug))
    loading.set(slug, started)
    return started
  }

  async function findAlsoDisabled(slug: string): Promise<PreparedTenant | undefined> {
    const known = kept.get(slug)
    if (known === undefined) return loadOnce(slug)
    if (means.clock() - known.checkedAt < RECHECK) return known.prepared
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
    },
  }
}

async function prepareTenant(means: Means, tenant: Tenant): Promise<PreparedTenant> {
  const tenantId = tenant.id
  const [policyRows, keyRows, providerRows, serverRows, invitations, registrationRows, listRows] =
    await read(means.db, tenantId, [
      findCurrentPolicies({ tenantId }),
      listSigningKeys({ tenantId }),
      listProviders({ tenantId }),
      listAuthorizationServers({ tenantId }),
      listRegistrationTokens({ tenantId }),
      listRegistrationCertificates({ tenantId }),
      listTrustedLists({ tenantId }),
    ])
  const issuer = issuerOf(means.publicUrl, tenant.slug)
  const host = new URL(means.publicUrl).hostname
  const requestKeys = keyRows.filter((key) => key.purpose === 'request')
  const activeKid = (clientId: string) =>
    requestKeys.find((key) => key.state === 'active' && key.client_id === clientId)?.kid
  const registrations = readStoredRegistrations(registrationRows)
  const tokenKeys = keyRows.filter((key) => key.purpose === 'token')
  const relyingParties = new Map<ClientId, RelyingParty | undefined>()
  const connections = new Map<string, Promise<ConnectedProvider>>()
  const documents = createPolicyShelf(means, tenantId)
  const questions = new Map<string, DcqlQuery>()
  const selectors = new Map<number, PreparedSelector>()
  const trusts = new Map<number, Promise<PreparedTrust>>()

  async function relyingParty(clientId: ClientId): Promise<RelyingParty | undefined> {
    if (relyingParties.has(clientId)) return relyingParties.get(clientId)
    // A header or an assertion may hold what no column can.
    if (clientId.includes('\0')) return undefined
    const [[row]] = await read(means.db, tenantId, [findRelyingParty({ tenantId, clientId })])
    const found = row === undefined ? undefined : readRelyingParty(row)
    // Unknown ids are not remembered: anybody can make them up.
    if (found !== undefined && relyingParties.size < MOST_RELYING_PARTIES)
      relyingParties.set(clientId, found)
    return found
  }

  return {
    tenant,
    issuer,
    policies: readPolicies(policyRows, documents),
    requestKid: activeKid(''),
    requestKidFor: (clientId) => activeKid(clientId) ?? activeKid(''),
    registrationsFor: (clientId) => registrationsFor(registrations, clientId, means.clock()),
    requestSigners: new Map(
      requestKeys.map((key) => [key.kid, prepareSigner(means.keyring, tenant, host, key)]),
    ),
    tokenKeys: new Map(
      tokenKeys
        .filter((key) => key.state === 'active')
        .map((key) => [
          key.algorithm,
          { kid: key.kid, privateKey: openPrivateKey(means.keyring, key) },
        ]),
    ),
    verifyingKeys: new Map(
      tokenKeys.map((key) => [
        key.kid,
        { algorithm: key.algorithm, publicKey: importVerifyingKey(JSON.parse(key.public_jwk)) },
      ]),
    ),
    authorizationServers: new Map(
      serverRows
        .map(readAuthorizationServer)
        .map((server) => [server.issuer, { ...server, keys: createKeySet(means, server.jwksUri) }]),
    ),
    jwks: {
      keys: tokenKeys.map((key) => ({
        ...JSON.parse(key.public_jwk),
        kid: key.kid,
        alg: key.algorithm,
        use: 'sig',
      })),
    },
    providers: providerRows.map(readProvider),
    registersClients: () =>
      invitations.some(
        (token) => token.uses_left > 0 && token.expires_at > toInstant(means.clock()),
      ),
    relyingParty,
    policy: documents.find,
    async question({ query, attributes, material, selector }, clientId) {
      const { scopes, claims } = (await relyingParty(clientId)) ?? NOTHING_DECLARED
      const declared = { scopes, claims }
      const name = `${query} ${attributes} ${material} ${selector} ${JSON.stringify(declared)}`
      const known = questions.get(name)
      if (known !== undefined) return known
      const rules = rulesFor(
        await documents.find('attributes', attributes),
        declared,
        await documents.find('selector', selector),
      )
      const least = leastQuery(await documents.find('query', query), [
        ...walletPaths(rules),
        ...materialPaths(await documents.find('material', material)),
      ])
      const asked = markRetained(least, keptWalletPaths(rules))
      questions.set(name, asked)
      return asked
    },
    trust(version) {
      const known = trusts.get(version)
      if (known !== undefined) return known
      const prepared = documents
        .find('trust', version)
        .then((policy) =>
          prepareTrust(tenant.haip ? trustWithinHaip(policy) : policy, readStoredLists(listRows)),
        )
      trusts.set(version, prepared)
      prepared.catch(() => trusts.delete(version))
      return prepared
    },
    async selector(version) {
      const known = selectors.get(version)
      if (known !== undefined) return known
      const prepared = prepareSelector(await documents.find('selector', version))
      selectors.set(version, prepared)
      return prepared
    },
    trustMeans: {
      ...trustFetches(means.outbound),
      answers: answerStore(means, tenantId),
      revocation: createAnswerShelf(),
      statusLists: createStatusListCache(),
      chains: createChainCache(),
      issuerKeys: createIssuerKeyCache(),
    },
    connect(provider) {
      // A login that began before a change of the row goes on with the metadata it began with.
      const key = `${provider.id} ${provider.updatedAt} ${provider.scopes} ${provider.metadata}`
      const known = connections.get(key)
      if (known !== undefined) return known
      const connected = connectProvider(means, {
        metadata: JSON.parse(provider.metadata) as ProviderMetadata,
        clientId: provider.oidcClientId,
        clientSecret: openClientSecret(means.keyring, tenantId, provider),
        scopes: provider.scopes.split(' '),
      })
      connections.set(key, connected)
      connected.catch(() => connections.delete(key))
      return connected
    },
    async provider(id) {
      const known = providerRows.find((row) => row.id === id)
      if (known !== undefined) return readProvider(known)
      const [[row]] = await read(means.db, tenantId, [findProvider({ tenantId, id })])
      return row === undefined ? undefined : readProvider(row)
    },
  }
}

interface PolicyShelf {
  put<K extends PolicyKind>(kind: K, version: number, text: string): PolicyDocuments[K]
  find<K extends PolicyKind>(kind: K, version: number): Promise<PolicyDocuments[K]>
}

/** Parsed documents by kind and number; published ones never change, so they are never read twice. */
function createPolicyShelf(means: Means, tenantId: TenantId): PolicyShelf {
  const parsed = new Map<string, unknown>()
  function put<K extends PolicyKind>(kind: K, version: number, text: string): PolicyDocuments[K] {
    const document = readPolicy(kind, JSON.parse(text))
    parsed.set(`${kind} ${version}`, document)
    return document
  }
  return {
    put,
    async find<K extends PolicyKind>(kind: K, version: number) {
      const known = parsed.get(`${kind} ${version}`)
      if (known !== undefined) return known as PolicyDocuments[K]
      const [[row]] = await read(means.db, tenantId, [findPolicy({ tenantId, kind, version })])
      if (row === undefined) return fail({ kind: 'not_found' })
      return put(kind, version, row.document)
    },
  }
}

function readPolicies(
  rows: readonly { kind: PolicyKind; version: number; document: string }[],
  shelf: PolicyShelf,
): Policies | undefined {
  if (POLICY_KINDS.some((kind) => !rows.some((row) => row.kind === kind))) return undefined
  const entries = rows.map(
    (row) => [row.kind, shelf.put(row.kind, row.version, row.document)] as const,
  )
  return {
    documents: Object.fromEntries(entries) as unknown as PolicyDocuments,
    versions: Object.fromEntries(
      rows.map((row) => [row.kind, row.version]),
    ) as unknown as PolicyVersions,
  }
}

function openPrivateKey(keyring: Keyring, key: Selectable<SigningKeyTable>): PrivateKey {
  return openSigningKey(keyring, { tenant: key.tenant_id, kid: key.kid }, key.sealed_private_key)
}

function prepareSigner(
  keyring: Keyring,
  tenant: Tenant,
  host: string,
  key: Selectable<SigningKeyTable>,
): RequestSigner {
  const chain = (JSON.parse(key.certificate_chain ?? '[]') as string[]).map((der) =>
    Buffer.from(der, 'base64'),
  )
  const signer = prepareRequestSigner({
    prefix: tenant.clientIdPrefix,
    host,
    chain,
    privateKey: openPrivateKey(keyring, key),
  })
  // HAIP 1.0 section 5: by the hash of its certificate and by no other name.
  return tenant.haip ? { ...signer, clientIds: [signer.clientId] } : signer
}

function openClientSecret(keyring: Keyring, tenant: TenantId, provider: Provider): string {
  if (provider.sealedClientSecret === undefined) return ''
  const context = {
    tenant,
    table: 'reconciliation_provider',
    column: 'sealed_client_secret',
    row: provider.id,
  }
  return Buffer.from(
    openUnder(keyring, 'provider-secret', context, provider.sealedClientSecret),
  ).toString('utf8')
}
