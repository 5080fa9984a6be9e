/** A tenant of identity-bridge for the simulator, made through its admin API where there is none yet. */
import { createHash } from 'node:crypto'
import { TIMEOUT_MS } from './run.ts'
import { documentsOf, type World } from './world.ts'

const SLUG = 'simulator'
const CLIENT = 'simulator'
const CALLBACK = 'https://app.simulator.example/callback'

/**
 * Returns the authorization request of a relying party of that tenant, whose wallets are believed and asked as `--documents`
 * says. What is there already is left as it is. Throws where the bridge answers otherwise.
 */
export async function setUpTenant(bridge: string, token: string, world: World): Promise<string> {
  const materials = [{ type: 'holder_key' }, { type: 'provider_subject' }]
  const material = { profiles: [{ id: 'simulator', materials }] }
  // Nobody has to be known for a presentation to be judged.
  const selector = { default: { plan: 'SKIP_RECONCILIATION' } }
  await post(bridge, token, '/tenants', {
    ...{ slug: SLUG, name: { en: 'Simulator', nl: 'Simulator' } },
    policies: { ...documentsOf(world), material, selector },
  })
  await post(bridge, token, `/tenants/${SLUG}/relying-parties`, {
    ...{ client_id: CLIENT, client_name: 'Simulator', redirect_uris: [CALLBACK] },
  })
  const challenge = createHash('sha256').update('simulator'.repeat(5)).digest('base64url')
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id: CLIENT, redirect_uri: CALLBACK },
    ...{ scope: 'openid profile', state: 'simulator', nonce: 'simulator' },
    ...{ code_challenge: challenge, code_challenge_method: 'S256' },
  })
  return new URL(`/t/${SLUG}/authorize?${query}`, bridge).href
}

async function post(bridge: string, token: string, path: string, body: object): Promise<void> {
  const answer = await fetch(new URL(`/admin/v1${path}`, bridge), {
    ...{ method: 'POST', redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) },
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  // It is there from an earlier run.
  if (answer.status === 201 || answer.status === 409) return
  throw new Error(`${path} was answered with ${answer.status}: ${text.slice(0, 500)}`)
}
