/** The end of the play: the person is erased, the receipt is checked offline, and the same wallet is a stranger's. */
import * as client from 'openid-client'
import { verifyReceipt } from '../src/crypto/receipt.ts'
import { SANNE } from './people.ts'
import { presentAndReturn, type Stage } from './play-login.ts'
import { DEMO_PROVIDER } from './policies.ts'
import type { Login } from './relying-party.ts'
import { adminClient } from './set-up.ts'

type KeySet = Parameters<typeof verifyReceipt>[1]

/** Erases Sanne by her account at the institution; `login` is her last one, whose tokens still work. */
export async function eraseAndReturn(stage: Stage, login: Login): Promise<void> {
  const { tell, ledger, tenant } = stage
  const keys = (await (await fetch(`${tenant.issuer}/jwks`)).json()) as KeySet
  const receipt = await erase(stage)
  const told = believe(receipt, keys)
  const erased = told?.erased as { [kind: string]: number } | undefined
  tell.check(
    'its receipt is genuine, by the key set saved before: one person, with all links and tokens',
    erased?.persons === 1 && erased.bindings === 1 && (erased.tokens ?? 0) > 0,
  )
  tell.check('with one letter changed it is not', believe(altered(receipt), keys) === undefined)
  const { sub } = login.idToken
  tell.check(
    'her tokens are over',
    !(await answersWith(stage, login.tokens.access_token, sub)) &&
      (await ledger.count('SELECT count(*) FROM login_grant WHERE tenant_id = $1')) === 0,
  )
  const gone = await ledger.findText([sub])
  const keysLeft = await ledger.count(
    'SELECT count(wrapped_data_key) FROM identity WHERE tenant_id = $1',
  )
  tell.check(
    'no table knows her subject any more, and the key that sealed what was kept is destroyed',
    gone.length === 0 && keysLeft === 0,
  )
  await presentAndReturn(stage, true)
}

async function erase({ world, tenant, tell, ledger }: Stage): Promise<string> {
  const account = world.institution.subjectOf(SANNE.username, tenant.institutionClientId)
  const answer = await tell.step(
    `POST …/${tenant.slug}/erasures: whoever has this account`,
    () =>
      adminClient(world)(`/tenants/${tenant.slug}/erasures`, {
        ground: 'consent_withdrawn',
        identifier: { kind: 'account', provider: DEMO_PROVIDER, value: account },
      }),
    () => ledger.moved(),
  )
  return String(answer.receipt)
}

function believe(receipt: string, keys: KeySet) {
  try {
    return verifyReceipt(receipt, keys)
  } catch {
    return undefined
  }
}

function altered(receipt: string): string {
  const [header = '', payload = '', signature = ''] = receipt.split('.')
  return [header, payload, signature.split('').reverse().join('')].join('.')
}

async function answersWith({ tenant }: Stage, accessToken: string, sub: string): Promise<boolean> {
  try {
    await client.fetchUserInfo(tenant.relyingParty.configuration, accessToken, sub)
    return true
  } catch (error) {
    // Only the refusal itself counts: a bridge that does not answer at all has forgotten nothing.
    if (error instanceof client.WWWAuthenticateChallengeError && error.status === 401) return false
    throw error
  }
}
