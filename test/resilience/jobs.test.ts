import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createBrowser, walletLinkOn } from '../../demo/browser.ts'
import { MINUTE } from '../../src/domain/time.ts'
import { expireJourneysJob } from '../../src/job/expire-journeys.ts'
import { type Job, type JobCounts, runIfDue, runNow } from '../../src/job/lease.ts'
import { runJobHere } from '../../src/jobs.ts'
import type { Service } from '../../src/service.ts'
import { adminWith } from '../http/admin/client.ts'
import { type AuditRow, brokenLinks } from '../support/audit-chain.ts'
import { type Bridge, logIn, presentAt, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

let bridge: Bridge
let other: Service
beforeAll(async () => {
  bridge = await startBridge()
  other = await bridge.startInstance()
})
afterAll(() => bridge.stop())
beforeEach(async () => {
  await ask('DELETE FROM job')
  bridge.clock.advance(Date.now() - bridge.clock.now()) // wallets and the institution live in the real time
})

const ask = <Row extends object>(text: string) => query<Row>(bridge.database.superuserUrl, text)
const expireOnce = () => runIfDue(bridge.deps, expireJourneysJob, 'one')
const states = async (table: 'journey' | 'reconciliation_session', column: 'state' | 'status') =>
  (await ask<{ word: string }>(`SELECT ${column} AS word FROM ${table} ORDER BY created_at`)).map(
    ({ word }) => word,
  )
const expiryEvents = async () =>
  (
    await ask<{ detail: string }>(
      `SELECT detail FROM audit_event WHERE event_type = 'sessions_expired' ORDER BY seq`,
    )
  ).map(({ detail }) => JSON.parse(detail) as JobCounts)

/** A job whose runs can be held and watched. */
function makeJob(run: Job['run']): Job {
  return { name: 'watched', next: (now) => now + MINUTE, run }
}

describe('the lease', () => {
  test('row 59 of two instances that look at the same moment one runs the job, every time it is due', async () => {
    let runs = 0
    const job = makeJob(async () => {
      runs++
      return {}
    })
    for (let round = 1; round <= 5; round++) {
      const ran = await Promise.all([
        runIfDue(bridge.deps, job, 'one'),
        runIfDue(other.deps, job, 'two'),
        runIfDue(bridge.deps, job, 'three'),
      ])
      expect(ran.filter(Boolean)).toHaveLength(1)
      bridge.clock.advance(MINUTE)
    }
    const [{ n } = { n: 0 }] = await ask<{ n: number }>('SELECT count(*)::int AS n FROM tenant')
    expect(runs).toBe(5 * n)
  })

  test('a run that stalled loses the job to another, and can then no longer finish it', async () => {
    let letGo: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    const seen: boolean[] = []
    const stalling = makeJob(async (_means, _tenant, keepLease) => {
      await held
      seen.push(await keepLease())
      return { slow: 1 }
    })
    const first = runIfDue(bridge.deps, stalling, 'one')
    const taken = () => ask('SELECT FROM job WHERE lease_owner IS NOT NULL')
    await expect.poll(taken, { timeout: 5_000 }).toHaveLength(1)
    const quick = makeJob(() => Promise.resolve({ quick: 1 }))
    expect(await runIfDue(other.deps, quick, 'two'), 'the lease holds').toBe(false)
    bridge.clock.advance(3 * MINUTE)
    expect(await runIfDue(other.deps, quick, 'two'), 'the lease is over').toBe(true)
    const [afterSecond] = await ask('SELECT * FROM job')
    letGo()
    await first
    expect(seen[0]).toBe(false)
    expect(await ask('SELECT * FROM job'), 'nothing of the first run was written').toEqual([
      afterSecond,
    ])
    const { text } = await bridge.deps.metrics.expose()
    expect(text).toContain('bridge_job_runs_total{job="watched",outcome="lease_lost"} 1')
  })

  test('a run over many tenants keeps its lease, however long they take together', async () => {
    await Promise.all(['a', 'b', 'c', 'd'].map(addEmptyTenant))
    const intruded: boolean[] = []
    const slow = makeJob(async () => {
      bridge.clock.advance(1.5 * MINUTE)
      intruded.push(await runIfDue(other.deps, slow, 'two'))
      return {}
    })
    await runIfDue(bridge.deps, slow, 'one')
    expect(intruded.length).toBeGreaterThanOrEqual(5)
    expect(intruded).not.toContain(true)
  })

  test('one tenant in trouble does not keep the others waiting, and the run says that it failed', async () => {
    const visited: string[] = []
    const job = makeJob(async (_means, tenant) => {
      visited.push(tenant)
      await Promise.resolve()
      if (visited.length === 1) throw new Error('trouble')
      return { done: 1 }
    })
    await runIfDue(bridge.deps, job, 'one')
    expect(visited.length).toBeGreaterThan(1)
    const [row] = await ask<{ last_outcome: string; lease_owner: null }>('SELECT * FROM job')
    expect(row?.lease_owner).toBeNull()
    expect(JSON.parse(row?.last_outcome ?? '')).toEqual({ done: visited.length - 1 })
    expect(bridge.lines.join('\n')).not.toContain('trouble')
  })

  test('issue 5 item 7 a run that did something, or failed, is in the trail; one with nothing to do is not, nor a quiet one', async () => {
    const told = async () =>
      (
        await ask<{ detail: string }>(
          `SELECT detail FROM audit_event WHERE event_type = 'job_ran' ORDER BY seq`,
        )
      ).map(({ detail }) => JSON.parse(detail) as object)
    const before = (await told()).length
    const [{ n } = { n: 0 }] = await ask<{ n: number }>('SELECT count(*)::int AS n FROM tenant')
    const busy = () => Promise.resolve({ removed: 2, kept: 1 })
    await runNow(bridge.deps, makeJob(busy), 'one')
    await runNow(bridge.deps, { ...makeJob(busy), quiet: true }, 'one')
    await runNow(
      bridge.deps,
      makeJob(() => Promise.resolve({ removed: 0 })),
      'one',
    )
    await runNow(
      bridge.deps,
      makeJob(() => Promise.reject(new Error('trouble'))),
      'one',
    )
    expect((await told()).slice(before)).toEqual([
      { job: 'watched', outcome: 'ok', done: 3 * n },
      { job: 'watched', outcome: 'failed', done: 0 },
    ])
  })

  test('a paused job is nobody’s', async () => {
    const job = makeJob(() => Promise.resolve({}))
    await runIfDue(bridge.deps, job, 'one')
    await ask('UPDATE job SET paused = 1')
    bridge.clock.advance(60 * MINUTE)
    expect(await runIfDue(bridge.deps, job, 'one')).toBe(false)
  })
})

describe('an operator’s hand', () => {
  const path = '/jobs/watched'
  test('jobs are listed with last and next run; paused, a run under way ends at its next batch and nobody begins another', async () => {
    const admin = await adminWith(bridge, ['jobs:manage'])
    let batches = 0
    const endless = makeJob(async (_means, _tenant, keepLease) => {
      if (batches++ === 0) expect((await admin.post(`${path}/pause`, {})).status).toBe(200)
      return { kept: (await keepLease()) ? 1 : 0 }
    })
    expect(await runNow(bridge.deps, endless, 'one')).toMatchObject({
      word: 'lease_lost',
      counts: { kept: 0 },
    })
    expect(await runNow(bridge.deps, endless, 'one'), 'paused').toBeUndefined()
    const listed = await admin.get('/jobs')
    expect(listed.body.jobs).toMatchObject([{ name: 'watched', paused: true, running_until: null }])
    expect((await admin.post(`${path}/resume`, {})).body).toMatchObject({ paused: false })
    expect(await runNow(bridge.deps, endless, 'one')).toMatchObject({ word: 'ok' })
    expect((await admin.post('/jobs/nothing/pause', {})).status).toBe(404)
    const events = await ask<{ event_type: string }>(
      `SELECT event_type FROM audit_event WHERE tenant_id = 'system' AND event_type ~ '^job_(paused|resumed|hastened)' ORDER BY seq`,
    )
    expect(events.map((row) => row.event_type)).toEqual(['job_paused', 'job_resumed'])
  })

  test('paused in one tenant’s turn, no other tenant has one', async () => {
    const admin = await adminWith(bridge, ['jobs:manage'])
    await addEmptyTenant('turn')
    let turns = 0
    const job = makeJob(async (_means, _tenant, keepLease) => {
      if (turns++ === 0) await admin.post(`${path}/pause`, {})
      await keepLease()
      return {}
    })
    expect(await runNow(bridge.deps, job, 'one')).toMatchObject({ word: 'lease_lost' })
    expect(turns).toBe(1)
  })

  test('hastened while it runs, a job runs once more: whoever asked wants what is there now looked at', async () => {
    const admin = await adminWith(bridge, ['jobs:manage'])
    let runs = 0
    const job = makeJob(async () => {
      bridge.clock.advance(1_000)
      if (runs++ === 0) await admin.post(`${path}/hasten`, {})
      return {}
    })
    expect(await runIfDue(bridge.deps, job, 'one')).toBe(true)
    expect(await runIfDue(other.deps, job, 'two'), 'again').toBe(true)
    expect(await runIfDue(other.deps, job, 'two'), 'not for ever').toBe(false)
  })

  test('hastened, a job is due at once; run by hand, it need not be due', async () => {
    const admin = await adminWith(bridge, ['jobs:manage'])
    const job = makeJob(() => Promise.resolve({}))
    await runIfDue(bridge.deps, job, 'one')
    expect(await runIfDue(bridge.deps, job, 'one')).toBe(false)
    expect(await runNow(bridge.deps, job, 'one')).toMatchObject({ word: 'ok' })
    expect((await admin.post(`${path}/hasten`, {})).status).toBe(200)
    expect(await runIfDue(other.deps, job, 'two')).toBe(true)
    const here = { config: bridge.deps.config, db: bridge.deps.db, keyring: bridge.deps.keyring }
    expect(await runJobHere({ ...here, clock: bridge.clock.now }, 'expire-journeys')).toMatchObject(
      { word: 'ok' },
    )
    expect(await runJobHere({ ...here, clock: bridge.clock.now }, 'nothing')).toBeUndefined()
  })

  test('an instance that stops leaves the rest to another, which finds the job due', async () => {
    let batches = 0
    const long = makeJob(async (_means, _tenant, keepLease) => {
      while (await keepLease()) batches++
      return {}
    })
    await runIfDue(bridge.deps, long, 'one', () => batches >= 2)
    expect(batches).toBe(2)
    expect(
      await runIfDue(
        other.deps,
        makeJob(() => Promise.resolve({})),
        'two',
      ),
    ).toBe(true)
  })

  test('the metrics say when each job last ended and how late it is', async () => {
    await runNow(
      bridge.deps,
      makeJob(() => Promise.resolve({})),
      'one',
    )
    bridge.clock.advance(11 * MINUTE)
    const text = await (await fetch(`${bridge.url}/metrics`)).text()
    const [, late = ''] = /bridge_job_lag_seconds{job="watched"} ([\d.]+)/.exec(text) ?? []
    expect(Number(late)).toBeGreaterThan(590)
    expect(text).toMatch(/bridge_job_last_finished_timestamp_seconds{job="watched"} \d+/)
    expect(text).toContain('bridge_job_paused{job="watched"} 0')
  })
})

describe('expiry', () => {
  test('journeys and reconciliation sessions past their time end as expired, blanked, and are removed an hour later; the trail counts them', async () => {
    await ask('DELETE FROM reconciliation_session; DELETE FROM journey')
    const waiting = createBrowser()
    await waiting.get((await bridge.tenant.relyingParty.begin()).url)
    const reconciling = createBrowser()
    const wallet = await bridge.newWallet()
    const returned = await presentAt(reconciling, wallet, await bridge.tenant.relyingParty.begin())
    await reconciling.follow(returned, (url) => url.startsWith(bridge.institution.issuer))
    expect(await states('journey', 'state')).toEqual(['started', 'reconciling'])
    expect(await states('reconciliation_session', 'status')).toEqual(['PENDING'])

    await expireOnce()
    expect(await states('journey', 'state'), 'not yet').toEqual(['started', 'reconciling'])
    bridge.clock.advance(11 * MINUTE)
    const before = (await expiryEvents()).length
    const ran = await Promise.all([
      runIfDue(bridge.deps, expireJourneysJob, 'one'),
      runIfDue(other.deps, expireJourneysJob, 'two'),
    ])
    expect(ran.filter(Boolean)).toHaveLength(1)
    expect(await states('journey', 'state')).toEqual(['expired', 'expired'])
    expect(await states('reconciliation_session', 'status')).toEqual(['EXPIRED'])
    expect(await ask('SELECT state, nonce, code_verifier FROM reconciliation_session')).toEqual([
      { state: null, nonce: null, code_verifier: null },
    ])
    expect(
      await ask(`
        SELECT FROM journey WHERE presentation IS NOT NULL OR identifiers IS NOT NULL OR identifier_hashes IS NOT NULL OR response_code_hash IS NOT NULL
            OR same_device_state_hash IS NOT NULL OR cross_device_request_hash IS NOT NULL`),
    ).toEqual([])
    expect((await expiryEvents()).slice(before)).toEqual([
      { journeys: 2, sessions: 1, grants: 0, removed: 0 },
    ])

    bridge.clock.advance(61 * MINUTE)
    await expireOnce()
    expect(await states('journey', 'state')).toEqual([])
    expect(await states('reconciliation_session', 'status')).toEqual([])
    expect((await expiryEvents()).slice(before + 1)).toEqual([
      { journeys: 0, sessions: 0, grants: 0, removed: 3 },
    ])
    bridge.clock.advance(5 * MINUTE)
    await expireOnce()
    expect(await expiryEvents(), 'a run with nothing to do is not an event').toHaveLength(
      before + 2,
    )
  })

  test('a journey past its time is over before the job comes by: the wallet is refused, the browser sees an end', async () => {
    const wallet = await bridge.newWallet()
    const browser = createBrowser()
    const page = await browser.get((await bridge.tenant.relyingParty.begin()).url)
    const link = walletLinkOn(page.text)
    const { requestObject } = await wallet.fetchRequest(link)
    bridge.clock.advance(6 * MINUTE)
    expect((await wallet.fetchRequest(link)).status).toBe(404)
    expect((await wallet.post(wallet.prepare(requestObject))).status).toBe(404)
  })

  test('OP-42 grants past their time go with their codes and tokens; the person stays', async () => {
    await logIn(bridge, await bridge.newWallet())
    const counts = async () =>
      await ask<{ grants: number; codes: number; tokens: number; people: number }>(`
        SELECT (SELECT count(*)::int FROM login_grant) AS grants, (SELECT count(*)::int FROM authorization_code) AS codes,
               (SELECT count(token_hash)::int FROM authorization_code) AS tokens, (SELECT count(*)::int FROM identity) AS people`)
    expect(await counts()).toEqual([{ grants: 1, codes: 1, tokens: 1, people: 1 }])
    bridge.clock.advance(61 * MINUTE)
    await expireOnce()
    expect(await counts()).toEqual([{ grants: 0, codes: 0, tokens: 0, people: 1 }])
    const guards = await ask('SELECT FROM match_guard')
    expect(guards).toEqual([])
    expect(brokenLinks(await ask<AuditRow>('SELECT * FROM audit_event'))).toEqual([])
  })

  test('a backlog is worked off in one run, batch after batch', async () => {
    await ask('DELETE FROM reconciliation_session; DELETE FROM journey')
    await bridge.tenant.relyingParty.begin().then(({ url }) => createBrowser().get(url))
    await ask(`
      INSERT INTO journey (tenant_id, id, state, correlation_id, client_id, browser_hash, language, request, request_kid,
        policies, created_at, updated_at, expires_at)
      SELECT tenant_id, 'backlog-' || n, state, correlation_id, client_id, browser_hash, language, request, request_kid,
        policies, created_at, updated_at, expires_at FROM journey, generate_series(1, 1100) n`)
    bridge.clock.advance(6 * MINUTE)
    const before = (await expiryEvents()).length
    await expireOnce()
    expect(new Set(await states('journey', 'state'))).toEqual(new Set(['expired']))
    const events = (await expiryEvents()).slice(before)
    expect(events.map(({ journeys }) => journeys)).toEqual([500, 500, 101])
  })
})

async function addEmptyTenant(slug: string): Promise<void> {
  await ask(`
    INSERT INTO tenant (id, slug, name_en, name_nl, colour, created_at, updated_at)
    SELECT '${slug}', '${slug}', 'T', 'T', '#000000', created_at, updated_at FROM tenant WHERE id = 'system'`)
}
