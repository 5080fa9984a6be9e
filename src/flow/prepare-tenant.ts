/**
 * A tenant with everything a login needs: policies parsed, trust anchors read, keys imported, providers connected. No
 * request imports a key or reads a certificate. What is asked for by version or by row is made at its first use and kept.
 */
import { openUnder } from '../crypto/seal.ts'
import { leastQuery, markRetained } from '../domain/asked-query.ts'
import { keptWalletPaths, samePersonPaths, walletPaths } from '../domain/attributes.ts'
import { type PreparedSelector, prepareSelector } from '../domain/choose-plan.ts'
import type { DcqlQuery } from '../domain/dcql.ts'
import { NOTHING_DECLARED, rulesFor } from '../domain/declared.ts'
import { trustWithinHaip } from '../domain/haip.ts'
import type { ClientId, TenantId } from '../domain/ids.ts'
import { materialPaths } from '../domain/material.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import { issuerOf, type Tenant } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { type ConnectedProvider, connectProvider } from '../institution/connection.ts'
import { createKeySet, type KeySet } from '../institution/key-set.ts'
import type { ProviderMetadata } from '../institution/provider.ts'
import { listAuthorizationServers, readAuthorizationServer } from '../store/authorization-server.ts'
import { read } from '../store/database.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import { findProvider, listProviders, type Provider, readProvider } from '../store/provider.ts'
import { listRegistrationCertificates } from '../store/registration-certificate.ts'
import { listRegistrationTokens } from '../store/registration-token.ts'
import { findRelyingParty, readRelyingParty } from '../store/relying-party.ts'
import { listSigningKeys } from '../store/signing-key.ts'
import { listTrustedLists } from '../store/trusted-list.ts'
import { createChainCache } from '../wallet/certificate-path.ts'
import { createAnswerShelf } from '../wallet/kept-answers.ts'
import { createIssuerKeyCache } from '../wallet/published-keys.ts'
import { createStatusListCache } from '../wallet/status-lookup.ts'
import { readStoredLists, type StoredList } from '../wallet/stored-list.ts'
import { type PreparedTrust, prepareTrust, type TrustMeans } from '../wallet/trust.ts'
import { answerStore } from './answer-store.ts'
import { createPolicyShelf, type PolicyShelf, putPolicies } from './policy-shelf.ts'
import { secretContext } from './provider-view.ts'
import { readStoredRegistrations, registrationsFor } from './registration-view.ts'
import { importTenantKeys } from './tenant-keys.ts'
import type { PreparedTenant, TenantMeans } from './tenants.ts'
import { trustFetches } from './trust-fetches.ts'

/** Relying parties of a tenant that an instance keeps. */
const MOST_RELYING_PARTIES = 10_000

export async function prepareTenant(means: TenantMeans, tenant: Tenant): Promise<PreparedTenant> {
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
  const registrations = readStoredRegistrations(registrationRows)
  const documents = createPolicyShelf(means, tenantId)
  const relyingParty = keepRelyingParties(means, tenantId)
  const servers = serverRows.map(readAuthorizationServer)
  const providers = providerRows.map(readProvider)
  return {
    ...importTenantKeys(means, tenant, keyRows),
    tenant,
    issuer: issuerOf(means.publicUrl, tenant.slug),
    policies: putPolicies(documents, policyRows),
    registrationsFor: (clientId) => registrationsFor(registrations, clientId, means.clock()),
    authorizationServers: new Map(
      servers.map((server) => [
        server.issuer,
        { ...server, keys: createKeySet(means, server.jwksUri) },
      ]),
    ),
    providers,
    registersClients: () =>
      invitations.some(
        (token) => token.uses_left > 0 && token.expires_at > toInstant(means.clock()),
      ),
    relyingParty,
    publishedKeys: keepKeySets(means),
    policy: documents.find,
    question: keepQuestions(documents, relyingParty),
    trust: keepTrust(documents, tenant, listRows),
    selector: keepSelectors(documents),
    trustMeans: createTrustMeans(means, tenantId),
    connect: keepConnections(means, tenantId),
    async provider(id) {
      const known = providers.find((provider) => provider.id === id)
      if (known !== undefined) return known
      const [[row]] = await read(means.db, tenantId, [findProvider({ tenantId, id })])
      return row === undefined ? undefined : readProvider(row)
    },
  }
}

function keepKeySets(means: TenantMeans): PreparedTenant['publishedKeys'] {
  const sets = new Map<string, KeySet>()
  return (jwksUri) => {
    const known = sets.get(jwksUri) ?? createKeySet(means, jwksUri)
    sets.set(jwksUri, known)
    return known
  }
}

function createTrustMeans(means: TenantMeans, tenantId: TenantId): TrustMeans {
  return {
    ...trustFetches(means.outbound),
    answers: answerStore(means, tenantId),
    revocation: createAnswerShelf(),
    statusLists: createStatusListCache(),
    chains: createChainCache(),
    issuerKeys: createIssuerKeyCache(),
  }
}

function keepRelyingParties(
  { db }: TenantMeans,
  tenantId: TenantId,
): PreparedTenant['relyingParty'] {
  const kept = new Map<ClientId, RelyingParty>()
  return async (clientId) => {
    const known = kept.get(clientId)
    // A header or an assertion may hold what no column can.
    if (known !== undefined || clientId.includes('\0')) return known
    const [[row]] = await read(db, tenantId, [findRelyingParty({ tenantId, clientId })])
    const found = row === undefined ? undefined : readRelyingParty(row)
    // Unknown ids are not remembered: anybody can make them up.
    if (found !== undefined && kept.size < MOST_RELYING_PARTIES) kept.set(clientId, found)
    return found
  }
}

function keepQuestions(
  documents: PolicyShelf,
  relyingParty: PreparedTenant['relyingParty'],
): PreparedTenant['question'] {
  const kept = new Map<string, DcqlQuery>()
  return async ({ query, attributes, material, selector }, clientId) => {
    const { scopes, claims } = (await relyingParty(clientId)) ?? NOTHING_DECLARED
    const declared = { scopes, claims }
    const name = `${query} ${attributes} ${material} ${selector} ${JSON.stringify(declared)}`
    const known = kept.get(name)
    if (known !== undefined) return known
    const policy = await documents.find('attributes', attributes)
    const rules = rulesFor(policy, declared, await documents.find('selector', selector))
    const least = leastQuery(await documents.find('query', query), [
      ...walletPaths(rules),
      ...samePersonPaths(policy),
      ...materialPaths(await documents.find('material', material)),
    ])
    const asked = markRetained(least, keptWalletPaths(rules))
    kept.set(name, asked)
    return asked
  }
}

function keepTrust(
  documents: PolicyShelf,
  { haip }: Tenant,
  listRows: readonly StoredList[],
): PreparedTenant['trust'] {
  const kept = new Map<number, Promise<PreparedTrust>>()
  const prepare = async (version: number) => {
    const policy = await documents.find('trust', version)
    return prepareTrust(haip ? trustWithinHaip(policy) : policy, readStoredLists(listRows))
  }
  return (version) => keep(kept, version, () => prepare(version))
}

function keepSelectors(documents: PolicyShelf): PreparedTenant['selector'] {
  const kept = new Map<number, Promise<PreparedSelector>>()
  const prepare = async (version: number) =>
    prepareSelector(await documents.find('selector', version))
  return (version) => keep(kept, version, () => prepare(version))
}

function keepConnections(means: TenantMeans, tenantId: TenantId): PreparedTenant['connect'] {
  const kept = new Map<string, Promise<ConnectedProvider>>()
  return (provider) => {
    // A login that began before a change of the row goes on with the metadata it began with.
    const name = `${provider.id} ${provider.updatedAt} ${provider.scopes} ${provider.metadata}`
    const connect = () =>
      connectProvider(means, {
        metadata: JSON.parse(provider.metadata) as ProviderMetadata,
        clientId: provider.oidcClientId,
        clientSecret: openClientSecret(means, tenantId, provider),
        scopes: provider.scopes.split(' '),
      })
    return keep(kept, name, connect)
  }
}

/** What is kept under a name, or is made now; what failed is made again by whoever asks next. */
function keep<Name, Made>(
  kept: Map<Name, Promise<Made>>,
  name: Name,
  make: () => Promise<Made>,
): Promise<Made> {
  const known = kept.get(name)
  if (known !== undefined) return known
  const making = make()
  kept.set(name, making)
  making.catch(() => kept.delete(name))
  return making
}

function openClientSecret(
  { keyring }: TenantMeans,
  tenant: TenantId,
  { id, sealedClientSecret }: Provider,
): string {
  if (sealedClientSecret === undefined) return ''
  const place = secretContext(tenant, id)
  const secret = openUnder(keyring, 'provider-secret', place, sealedClientSecret)
  return Buffer.from(secret).toString('utf8')
}
