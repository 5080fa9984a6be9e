/** One login as a person makes it, from the relying party's request to the code or the refusal. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { presentCredential } from '../demo/wallet-answer.ts'
import type { Parameters } from '../src/domain/authorization-request.ts'
import { BridgeError } from '../src/domain/failure.ts'
import type { IdentityId, JourneyId, TenantId } from '../src/domain/ids.ts'
import { beginAuthorization } from '../src/flow/begin-authorization.ts'
import { chooseAccount } from '../src/flow/choose-account.ts'
import { confirmLink } from '../src/flow/confirm-link.ts'
import { continueJourney } from '../src/flow/continue-journey.ts'
import { finishReconciliation } from '../src/flow/finish-reconciliation.ts'
import { openWalletSecrets } from '../src/flow/journey-secrets.ts'
import type { Next } from '../src/flow/login-end.ts'
import { readWalletForm, receivePresentation } from '../src/flow/receive-presentation.ts'
import type { PreparedTenant } from '../src/flow/tenants.ts'
import { read } from '../src/store/database.ts'
import { findJourney } from '../src/store/journey.ts'
import { HOME } from './institution.ts'
import type { Visit, Wallet } from './people.ts'
import type { PolicySet } from './policies.ts'
import { CLIENT_ID, REDIRECT_URI, type World } from './world.ts'

/** What a wallet holds: one credential for one key, or a new pair each time. */
export interface Held {
  key: KeyObject
  credential: string
}

export type Outcome = {
  /** Whether the person had to log in at the institution. */
  asked: boolean
} & ({ kind: 'granted'; identityId: IdentityId } | { kind: 'refused'; reason: string })

/** Makes a key and a credential for it. */
export async function equip(world: World, wallet: Wallet): Promise<Held> {
  const key = world.newKey()
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' })
  const claims = { ...wallet.claims, schac_home_organization: HOME }
  return { key, credential: await world.issuer.issue(claims, { kty, crv, x, y }) }
}

/** Does it all. Throws what no person could cause. */
export async function makeVisit(
  world: World,
  set: PolicySet,
  tenantId: TenantId,
  visit: Visit,
  held: Held,
): Promise<Outcome> {
  const { deps } = world
  const prepared = await deps.tenants.find(set.name)
  if (prepared === undefined) throw new Error('the tenant is gone')
  const begun = await beginAuthorization(deps, prepared, parametersOf(), {
    ...{ id: undefined, session: undefined, language: () => 'en' },
  })
  if (!('journeyId' in begun)) throw new Error('single sign-on is not part of this')
  const browser = begun.browserId
  const responseCode = await present(world, set, prepared, begun.journeyId, held)
  let next = await continueJourney(deps, prepared, browser, { responseCode })
  let asked = false
  if (next.kind === 'redirect' && next.url.startsWith(world.university.issuer)) {
    asked = true
    const parameters = world.university.logIn(next.url, visit.account)
    const provider = prepared.providers[0]
    if (provider === undefined) throw new Error('the provider is gone')
    await finishReconciliation(deps, prepared, provider.id, parameters, browser)
    next = await continueJourney(deps, prepared, browser, { journeyId: begun.journeyId })
  }
  if (next.kind === 'confirm') {
    // Two names that are not those of one person have ended the login before; the person presses Yes.
    await confirmLink(deps, prepared, begun.journeyId, browser)
    next = await continueJourney(deps, prepared, browser, { journeyId: begun.journeyId })
  }
  if (next.kind === 'choose') {
    const choice = { position: 0, remember: false }
    next = (await chooseAccount(deps, prepared, begun.journeyId, browser, choice))?.next ?? next
  }
  return { asked, ...(await judge(world, tenantId, begun.journeyId, next)) }
}

function parametersOf(): Parameters {
  const sent = new Map([
    ...Object.entries({ response_type: 'code', client_id: CLIENT_ID, redirect_uri: REDIRECT_URI }),
    ...Object.entries({ scope: 'openid', code_challenge: 'c'.repeat(43) }),
    ['code_challenge_method', 'S256'],
  ])
  return { get: (name) => sent.get(name), repeated: [] }
}

/** What a journey asks of a wallet on the same device. */
export async function walletQuestion(
  { deps }: World,
  prepared: PreparedTenant,
  journeyId: JourneyId,
): Promise<{ clientId: string; nonce: string; state: string }> {
  const tenant = prepared.tenant.id
  const [[row]] = await read(deps.db, tenant, [findJourney({ tenantId: tenant, id: journeyId })])
  if (row === undefined) throw new Error('the journey is gone')
  const signer = prepared.requestSigners.get(row.request_kid)
  if (row.wallet_secrets === null || signer === undefined)
    throw new Error('the journey asks nothing')
  const place = { tenant, journey: journeyId }
  const { sameDevice } = openWalletSecrets(deps.keyring, place, row.wallet_secrets)
  return { clientId: signer.clientId, nonce: sameDevice.nonce, state: sameDevice.state }
}

/** The wallet's answer, in the clear (`direct_post`): who is who does not hang on its encryption. */
async function present(
  world: World,
  set: PolicySet,
  prepared: PreparedTenant,
  journeyId: JourneyId,
  held: Held,
): Promise<string> {
  const { clientId, nonce, state } = await walletQuestion(world, prepared, journeyId)
  const question = { client_id: clientId, nonce, names: set.asks }
  const presentation = presentCredential(held.credential, held.key, question)
  const body = new URLSearchParams({ vp_token: JSON.stringify({ eduid: [presentation] }), state })
  const form = readWalletForm(Buffer.from(body.toString()))
  const { redirectUri = '' } = await receivePresentation(world.deps, prepared, form)
  return new URL(redirectUri).searchParams.get('response_code') ?? ''
}

async function judge(world: World, tenantId: TenantId, id: JourneyId, next: Next) {
  const { db } = world.deps
  if (next.kind === 'end') return { kind: 'refused', reason: next.failure ?? next.end } as const
  if (next.kind !== 'redirect' || !next.url.startsWith(REDIRECT_URI))
    return { kind: 'refused', reason: 'the login did not go on' } as const
  const [[row]] = await read(db, tenantId, [findJourney({ tenantId, id })])
  if (row?.identity_id == null) throw new BridgeError({ kind: 'unexpected' })
  return { kind: 'granted', identityId: row.identity_id } as const
}
