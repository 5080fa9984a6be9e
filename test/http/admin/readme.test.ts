import { readFileSync } from 'node:fs'
import { ClientSecretBasic } from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EDUID_VCT } from '../../../demo/issuer.ts'
import { createRelyingParty } from '../../../demo/relying-party.ts'
import { ADMIN_SCOPE_NAMES, type AdminScope } from '../../../src/domain/admin.ts'
import { type Bridge, logIn, REDIRECT_URI, startBridge } from '../../support/bridge.ts'
import { type Admin, adminWith } from './client.ts'

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')

let bridge: Bridge
beforeAll(async () => {
  bridge = await startBridge()
})
afterAll(() => bridge.stop())

/** The calls of the README as it stands: path and body of each. */
function callsOfReadme(): readonly (readonly [path: string, body: string])[] {
  const chapter = README.split('<!-- three calls')[1]?.split('```')[1] ?? ''
  return [...chapter.matchAll(/^call \$API(\S+) -d '(\{.*?\})'$/gms)].map(
    ([, path = '', body = '']) => [path, body] as const,
  )
}

/** The scopes that the README tells to ask for. */
function scopesOfReadme(): readonly AdminScope[] {
  const named = [...README.matchAll(/--scope\s+([a-z:]+)/g)].map(([, scope]) => scope)
  return ADMIN_SCOPE_NAMES.filter((scope) => named.includes(scope))
}

test('issue 9 the three calls of the README connect a provider and a relying party, and somebody logs in', async () => {
  const calls = callsOfReadme()
  expect(calls.map(([path]) => path)).toEqual([
    ...['/tenants', '/tenants/example/providers', '/tenants/example/relying-parties'],
  ])
  const admin: Admin = await adminWith(bridge, scopesOfReadme())
  // The stranger's own names in the place of the README's examples; everything else as it is printed.
  const own = (body: string) =>
    body
      .replace(/"trust": \{.*?\}\] \}/s, `"trust": ${JSON.stringify(bridge.issuer.trustPolicy())}`)
      .replace('https://issuer.example/vct/eduid', EDUID_VCT)
      .replace('https://connect.test.surfconext.nl', bridge.institution.issuer)
      .replace('"example.org"', '"noorderhaven.example"')
      .replace('https://app.example.org/callback', REDIRECT_URI)
      .replace('"…"', '"the-secret"')
  const answers = []
  for (const [path, body] of calls) answers.push(await admin.post(path, own(body)))
  expect(answers.map(({ status, text }) => [status, status === 201 ? '' : text])).toEqual([
    ...[
      [201, ''],
      [201, ''],
      [201, ''],
    ],
  ])
  const [tenant, provider, app] = answers.map(({ body }) => body)
  const callback = String(provider?.callback_url)
  const client = { clientId: 'bridge.example.org', clientSecret: 'the-secret' }
  bridge.institution.setClient({ ...client, redirectUris: [callback] })

  const issuer = String(tenant?.issuer)
  const clientSecret = String(app?.client_secret)
  const authentication = ClientSecretBasic(clientSecret)
  const program = { issuer, clientId: 'my-app', redirectUri: REDIRECT_URI, authentication }
  const theirs = {
    ...{ slug: 'example', issuer, providerId: '', clientId: 'my-app', clientSecret },
    // The registration names no algorithm: what every client expects then.
    relyingParty: await createRelyingParty({ ...program, idTokenAlgorithm: 'RS256' }),
  }
  const wallet = await bridge.newWallet()
  const first = await logIn(bridge, wallet, { tenant: theirs })
  const second = await logIn(bridge, wallet, { tenant: theirs })
  expect([first.viaInstitution, second.viaInstitution]).toEqual([true, false])
})
