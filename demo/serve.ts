/** `--serve`: the bridge, a relying party and a wallet as pages, for a person with a browser. */
import type { Closers } from './closers.ts'
import { openLedger } from './ledger.ts'
import type { Narration } from './narration.ts'
import { DEMO_PEOPLE, nameOf, passwordOf, walletOf } from './people.ts'
import { relyingPartyPages } from './relying-party-page.ts'
import { setUpTenant } from './set-up.ts'
import { openSite } from './site.ts'
import { walletPages } from './wallet-page.ts'
import { startWorld } from './world.ts'

export interface ServeOptions {
  folder: string | undefined
  nodeEnv: string | undefined
  /** Of the bridge; the two pages take the next two where they are free. */
  port: number
}

/** Starts everything and returns when it can be clicked through. */
export async function serveDemo(
  options: ServeOptions,
  tell: Narration,
  closers: Closers,
): Promise<void> {
  tell.chapter('Starting')
  const world = await startWorld({ ...options, jobs: true }, tell, closers)
  const app = await openSite(options.port + 1)
  closers.push(() => app.close())
  const phone = await openSite(options.port + 2)
  closers.push(() => phone.close())
  const tenant = await setUpTenant(
    world,
    { walletScheme: `${phone.url}/wallet`, redirectUri: `${app.url}/callback` },
    tell,
  )
  const ledger = await openLedger(world.superuserUrl, tenant.slug)
  closers.push(() => ledger.close())
  app.mount(
    relyingPartyPages(tenant.relyingParty, app.url, async () => {
      tell.chapter('A login was completed')
      for (const line of await ledger.moved()) tell.note(line)
    }),
  )
  const wallets = await tell.step('Three wallets with a credential each', () =>
    Promise.all(
      DEMO_PEOPLE.map(async (person) => ({
        name: nameOf(person),
        wallet: await walletOf(person, world.issuer),
      })),
    ),
  )
  phone.mount(walletPages({ wallets, bridgeUrl: world.url, trustAnchor: tenant.trustAnchor }))
  tell.chapter('Ready')
  const lines = [
    `Open this   ${app.url}    a relying party with a "Log in" button`,
    `The wallet  ${phone.url}    opens by itself; takes a QR code's link or picture`,
    `The bridge  ${world.url}    issuer ${tenant.issuer}`,
    '',
    'Accounts at the institution, each with a wallet of the same name:',
    ...DEMO_PEOPLE.map(
      (person) =>
        `  ${person.username.padEnd(6)} password ${passwordOf(person).padEnd(11)} ${nameOf(person)}`,
    ),
    '',
    'The first login with a wallet asks the institution; the next ones do not.',
    options.folder === undefined
      ? 'Everything is gone after Ctrl-C.'
      : `Database, keys and admin token are in ${world.folder}; each start makes a tenant of its own.`,
  ]
  for (const line of lines) tell.note(line)
}
