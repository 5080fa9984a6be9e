/** First logins at the same moment, at two processes on neighbouring steps of a key rotation and one database (CR-41 to CR-44). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { vi } from 'vitest'
import { loginAt } from '../../demo/institution.ts'
import { walletOf } from '../../demo/people.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { rotation } from '../keys/world.ts'
import { accountOf, demoPerson, rowsOf } from '../people/people.ts'
import { type Bridge, freePort, startBridge } from '../support/bridge.ts'
import { isRelyingParty, type Opened, reachInstitution } from '../threats/attack.ts'
import { type Child, kill, startChild } from './child.ts'
import { divertTraffic } from './traffic.ts'

export interface Met {
  /** How many different subjects the relying party heard. */
  subjects: number
  people: number
  /** Live matches by type, in order. */
  matches: readonly string[]
  bindings: number
  /** Who answered the call-backs. */
  processes: number
}

/** `count` logins of one new wallet, and as many of new wallets of one account; what is there afterwards. */
export async function meetInTwoProcesses(
  rotated: 'A' | 'B',
  count: number,
): Promise<{ oneWallet: Met; oneAccount: Met }> {
  const steps = rotation(rotated)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-first-'))
  const bridge = await startBridge({ keyring: steps.pending })
  const children: Child[] = []
  try {
    for (const [name, keyring] of [
      ['behind', steps.pending],
      ['ahead', steps.rotated],
    ] as const)
      children.push(await startProcess(bridge, path.join(folder, name), keyring))
    const wallet = await walletOf(demoPerson('sanne'), bridge.issuer, late)
    const several = await Promise.all(
      Array.from({ length: count }, () => walletOf(demoPerson('milan'), bridge.issuer, late)),
    )
    const same = Array.from({ length: count }, () => wallet)
    return {
      oneWallet: await meet(bridge, children, 'one-wallet', 'sanne', same),
      oneAccount: await meet(bridge, children, 'one-account', 'milan', several),
    }
  } finally {
    await Promise.all(children.map(kill))
    await bridge.stop()
    rmSync(folder, { recursive: true })
  }
}

/** Goes where the traffic goes at that moment. */
const late: typeof fetch = (input, init) => globalThis.fetch(input, init)

async function startProcess(bridge: Bridge, file: string, keyring: string): Promise<Child> {
  writeFileSync(`${file}.json`, keyring, { mode: 0o600 })
  return await startChild({
    ...{ PUBLIC_URL: bridge.url, PORT: String(await freePort()), KEYRING_FILE: `${file}.json` },
    ...{ DATABASE_URL: bridge.database.runtimeUrl, ALLOW_LOOPBACK: 'yes', JOBS: 'no' },
    ...{ RATE_LIMIT_PER_MINUTE: '100000', DATA_DIR: file, LOG_LEVEL: 'warn' },
  })
}

/** Each login goes as far as the institution's answer; then all of them come back at once, one here, the next one there. */
async function meet(
  bridge: Bridge,
  children: readonly Child[],
  slug: string,
  username: string,
  wallets: readonly Wallet[],
): Promise<Met> {
  const tenant = await bridge.addTenant(slug)
  let turn = 0
  const sent = divertTraffic(
    bridge.url,
    () => children[turn++ % children.length]?.address ?? bridge.url,
  )
  try {
    const waiting: { opened: Opened; callback: string }[] = []
    for (const wallet of wallets) {
      const opened = await reachInstitution(tenant, wallet)
      const callback = await loginAt(opened.authorizationUrl, accountOf(username))
      waiting.push({ opened, callback })
    }
    const subjects = await Promise.all(
      waiting.map(async ({ opened, callback }) => {
        const page = await opened.browser.follow(callback, isRelyingParty)
        return (await opened.attempt.finish(page.location ?? '')).claims.sub
      }),
    )
    const called = sent.filter((one) => one.path.includes('/callback/'))
    const live = 'deleted_at IS NULL ORDER BY identifier_type'
    const matches = await rowsOf<{ type: string }>(
      ...([bridge, tenant, 'identity_match', live, 'identifier_type AS type'] as const),
    )
    return {
      ...{ subjects: new Set(subjects).size, matches: matches.map(({ type }) => type) },
      people: (await rowsOf(bridge, tenant, 'identity')).length,
      bindings: (await rowsOf(bridge, tenant, 'identity_link_binding')).length,
      processes: new Set(called.map(({ to }) => to)).size,
    }
  } finally {
    vi.unstubAllGlobals()
  }
}
