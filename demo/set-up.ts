/**
 * A tenant in three calls of the administration, as an operator makes them with curl: the tenant with its policies, its
 * institution, its relying party.
 */
import { ClientSecretBasic } from 'openid-client'
import type { Narration } from './narration.ts'
import { DEMO_PROVIDER, demoPolicies } from './policies.ts'
import { createRelyingParty, type RelyingPartyProgram } from './relying-party.ts'
import type { World } from './world.ts'

export interface DemoTenant {
  slug: string
  issuer: string
  /** PEM of the authority that vouches for the bridge to wallets. */
  trustAnchor: string
  /** The bridge's client id at the institution. */
  institutionClientId: string
  relyingParty: RelyingPartyProgram
}

export interface TenantWishes {
  /** What a link to a wallet begins with. */
  walletScheme: string
  redirectUri: string
}

export const RELYING_PARTY_NAME = 'Course catalogue'

export async function setUpTenant(
  world: World,
  wishes: TenantWishes,
  tell: Narration,
): Promise<DemoTenant> {
  const call = adminClient(world)
  const slug = await freeSlug(call)
  const tenant = await tell.step(`POST /admin/v1/tenants: "${slug}", with its policies`, () =>
    call('/tenants', {
      slug,
      name: { en: 'Noorderhaven University', nl: 'Universiteit Noorderhaven' },
      wallet_scheme: wishes.walletScheme,
      policies: demoPolicies(world.issuer),
    }),
  )
  const institutionClientId = `bridge-${slug}`
  await tell.step(`POST …/${slug}/providers: the institution`, () =>
    registerProvider(world, call, slug, institutionClientId),
  )
  const app = await tell.step(`POST …/${slug}/relying-parties: ${RELYING_PARTY_NAME}`, () =>
    call(`/tenants/${slug}/relying-parties`, {
      client_name: RELYING_PARTY_NAME,
      redirect_uris: [wishes.redirectUri],
      purpose: { en: 'To show you your courses.', nl: 'Om je je vakken te laten zien.' },
    }),
  )
  const issuer = text(tenant, 'issuer')
  const certificate = tenant.request_certificate as Json
  return {
    ...{ slug, issuer, institutionClientId, trustAnchor: text(certificate, 'trust_anchor') },
    relyingParty: await createRelyingParty({
      issuer,
      clientId: text(app, 'client_id'),
      redirectUri: wishes.redirectUri,
      authentication: ClientSecretBasic(text(app, 'client_secret')),
      // What a registration gets that names none.
      idTokenAlgorithm: 'RS256',
    }),
  }
}

/** The institution knows the bridge before the bridge knows it, and learns its call-back from the answer. */
async function registerProvider(world: World, call: Call, slug: string, clientId: string) {
  const { institution } = world
  const clientSecret = crypto.randomUUID()
  const register = (redirectUri: string) =>
    institution.setClient({ clientId, clientSecret, redirectUris: [redirectUri] })
  register('https://not-known-yet.example/')
  const provider = await call(`/tenants/${slug}/providers`, {
    slug: DEMO_PROVIDER,
    name: 'SURF',
    issuer: institution.issuer,
    client_id: clientId,
    client_secret: clientSecret,
    scope: 'openid profile email',
    subject_type: 'pairwise',
    allowed_organizations: ['noorderhaven.example'],
  })
  register(text(provider, 'callback_url'))
}

type Json = Record<string, unknown>
type Call = (path: string, body?: Json) => Promise<Json>

/** POST with a body, GET without. */
export function adminClient({ url, adminToken }: Pick<World, 'url' | 'adminToken'>): Call {
  return async (path, body) => {
    const response = await fetch(`${url}/admin/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) {
      throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    }
    return (await response.json()) as Json
  }
}

/** `demo`, or `demo-2` and so on where a kept folder has one: issuer and institution are new ones at each start. */
async function freeSlug(call: Call): Promise<string> {
  const { tenants } = (await call('/tenants?limit=200')) as { tenants: { slug: string }[] }
  const taken = new Set(tenants.map(({ slug }) => slug))
  for (let number = 1; ; number++) {
    const slug = number === 1 ? 'demo' : `demo-${number}`
    if (!taken.has(slug)) return slug
  }
}

function text(from: Json, name: string): string {
  const value = from[name]
  if (typeof value !== 'string') throw new Error(`the administration's answer has no ${name}`)
  return value
}
