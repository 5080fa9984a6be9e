/** Fifty logins, each with a SIGKILL of the whole service at a random moment; sums must be right afterwards. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import { kill, startChild } from '../resilience/child.ts'
import { type AuditRow, brokenLinks } from '../support/audit-chain.ts'
import { logIn, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

const ROUNDS = 50

test('fifty kills at random moments: one person an account, no half-made row, an unbroken trail', {
  timeout: 15 * 60_000,
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kills-'))
  const keyring = createKeyringText()
  const keyringFile = path.join(folder, 'keyring.json')
  writeFileSync(keyringFile, keyring, { mode: 0o600 })
  const bridge = await startBridge({ keyring })
  const { port } = new URL(bridge.url)
  const environment = {
    ...{
      DATABASE_URL: bridge.database.runtimeUrl,
      KEYRING_FILE: keyringFile,
      PUBLIC_URL: bridge.url,
    },
    ...{ PORT: port, ALLOW_LOOPBACK: 'yes', RATE_LIMIT_PER_MINUTE: '100000', LOG_LEVEL: 'error' },
  }
  const wallet = await bridge.newWallet()
  await bridge.suspend()
  for (let round = 0; round < ROUNDS; round++) {
    const child = await startChild(environment)
    const login = logIn(bridge, round % 2 === 0 ? wallet : await bridge.newWallet()).then(
      () => 'done',
      () => 'cut',
    )
    const killed = new Promise<void>((resolve) => {
      setTimeout(() => resolve(kill(child)), Math.random() * 400)
    })
    await Promise.all([login, killed])
  }
  const child = await startChild(environment)
  await logIn(bridge, wallet)
  await kill(child)
  const people = await query(
    bridge.database.superuserUrl,
    'SELECT count(*)::int AS n FROM identity',
  )
  expect(people).toEqual([{ n: 1 }])
  const orphans = await query(
    bridge.database.superuserUrl,
    `SELECT count(*)::int AS n FROM identity_match m LEFT JOIN identity_link_binding b ON b.match_id = m.id
      WHERE m.identifier_type = 'KEY' AND b.id IS NULL`,
  )
  expect(orphans).toEqual([{ n: 0 }])
  const trail = await query(
    bridge.database.superuserUrl,
    'SELECT * FROM audit_event ORDER BY tenant_id, seq',
  )
  expect(brokenLinks(trail as unknown as AuditRow[])).toEqual([])
  await bridge.stop()
  rmSync(folder, { recursive: true, force: true })
})
