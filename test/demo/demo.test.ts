import { access, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Browser, createBrowser, type Page } from '../../demo/browser.ts'
import { loginAt } from '../../demo/institution-browser.ts'
import { freePort } from '../../demo/site.ts'
import { isAlive } from '../../src/embedded/cluster.ts'
import { type DemoRun, makeFolder, runDemo } from './run-demo.ts'

// Each starts a database of its own, on a machine that may be busy with the other tests.
vi.setConfig({ testTimeout: 90_000 })

let temporary: string
const runs: DemoRun[] = []
beforeEach(async () => {
  temporary = await makeFolder()
})
afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.child.kill('SIGTERM')
    await run.ended
  }
  await rm(temporary, { recursive: true, force: true })
})

function start(args: readonly string[], env = {}): DemoRun {
  const run = runDemo(temporary, args, env)
  runs.push(run)
  return run
}

test('DEMO-1 the demo plays both logins and the erasure, every check holds, it exits with 0 and leaves nothing behind', async () => {
  const run = start([])
  expect(await run.ended, run.output()).toBe(0)
  const output = run.output()
  expect(output).toMatch(/All 32 checks held; 25 steps in \d+\.\d s\./)
  expect(output).toContain('session   PENDING → AUTHORIZED → COMPLETED')
  expect(output).toMatch(/identity \+1, identity_link_binding \+1, identity_match \+2/)
  expect(output.match(/audit {5}(.*)/g)?.map((line) => line.slice(10))).toEqual([
    'session_created',
    'binding_created, login_completed',
    'login_completed',
    'identity_erased',
    'session_created',
  ])
  expect(output).not.toMatch(/FALSE|WARNING/)
  expect(output).not.toContain('\u001b')
  expect(await readdir(temporary)).toEqual([])
})

test('DEMO-2 in production the demo refuses to start', async () => {
  const run = start([], { NODE_ENV: 'production' })
  expect(await run.ended).toBe(1)
  expect(run.output()).toMatch(/production/)
  expect(await readdir(temporary)).toEqual([])
})

test('DEMO-3 a run that is told to stop ends with 1, in order', async () => {
  const run = start([])
  await run.printed('  1. A Postgres of its own')
  run.child.kill('SIGINT')
  expect(await run.ended).toBe(1)
  expect(run.output()).toContain('Stopped.')
  expect(await readdir(temporary)).toEqual([])
})

const SANNE = { username: 'sanne', password: 'sanne-demo' }

/** Presses the relying party's button and gives the wallet link of the login page. */
async function pressLogin(browser: Browser, app: string): Promise<string> {
  const page = await browser.follow(`${app}/login`)
  expect(page.status).toBe(200)
  const link = /id="wallet" href="([^"]+)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') ?? ''
  expect(link).toMatch(/^http:\/\/localhost:\d+\/wallet\?client_id=x509_hash/)
  return link
}

/** What the wallet page's form sends. */
async function answer(browser: Browser, link: string, word: 'share' | 'refuse'): Promise<Page> {
  const page = await browser.get(link)
  expect(page.text).toContain('given_name')
  expect(page.text).toContain('Its request is signed')
  const hidden = /name="link" value="([^"]+)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') ?? ''
  const { origin } = new URL(link)
  const reply = await browser.post(`${origin}/answer`, { link: hidden, wallet: '0', answer: word })
  return reply
}

function subjectOn(page: Page): string {
  return /<th scope="row">sub<\/th><td>([^<]+)<\/td>/.exec(page.text)?.[1] ?? ''
}

test('DEMO-4 with --serve a person can click from the relying party through the wallet page and back', async () => {
  const port = await freePort()
  const data = path.join(temporary, 'kept')
  const run = start(['--serve', '--port', String(port), '--data', data])
  await run.printed('each start makes a tenant of its own')
  const app = /Open this +(\S+)/.exec(run.output())?.[1] ?? ''
  expect((await createBrowser().get(app)).text).toContain('href="/login"')

  const browser = createBrowser()
  const shared = await answer(browser, await pressLogin(browser, app), 'share')
  expect(shared.status).toBe(303)
  const atInstitution = (url: string) => url.startsWith('http://127.0.0.1:')
  const sent = await browser.follow(shared.location ?? '', atInstitution)
  const first = await browser.follow(await loginAt(sent.location ?? '', SANNE))
  expect(first.url).toContain(`${app}/callback`)
  expect(first.text).toContain('Welcome, Sanne')

  const again = createBrowser()
  const known = await answer(again, await pressLogin(again, app), 'share')
  const second = await again.follow(known.location ?? '')
  expect(second.text).toContain('Welcome, Sanne')
  expect(subjectOn(second)).toBe(subjectOn(first))
  expect(subjectOn(first)).not.toBe('')

  const refusing = createBrowser()
  const refused = await answer(refusing, await pressLogin(refusing, app), 'refuse')
  expect(refused.status).toBe(200)
  expect(refused.text).toContain('nothing was shared')

  // Postgres takes its lock file away when it has shut down in order.
  const lock = path.join(data, 'postgres/postgres/postmaster.pid')
  expect(isAlive(Number.parseInt(await readFile(lock, 'utf8'), 10))).toBe(true)
  run.child.kill('SIGTERM')
  expect(await run.ended).toBe(0)
  await expect(access(lock)).rejects.toThrow('ENOENT')
  await expect(access(path.join(data, 'keyring.json'))).resolves.toBeUndefined()
  await expect(fetch(app)).rejects.toThrow()
})

test('DEMO-5 the wallet page answers no link of a stranger, and says so', async () => {
  const run = start(['--serve', '--port', String(await freePort())])
  await run.printed('Everything is gone after Ctrl-C.')
  const wallet = /The wallet +(\S+)/.exec(run.output())?.[1] ?? ''
  const stranger = 'openid4vp://?client_id=x&request_uri=http%3A%2F%2F127.0.0.1%3A1%2F'
  const page = await createBrowser().get(
    `${wallet}/open?${new URLSearchParams({ link: stranger })}`,
  )
  expect(page.status).toBe(400)
  expect(page.text).toContain('only answers links of')
  run.child.kill('SIGTERM')
  expect(await run.ended).toBe(0)
  expect(await readdir(temporary)).toEqual([])
})
