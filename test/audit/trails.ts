/** Two tenants' trails on a real database, with the keys and places that sign them; and a superuser who does as he likes. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {
  checkpointJwks,
  readCheckpoint,
  readCheckpointKeys,
} from '../../src/crypto/audit-checkpoint.ts'
import { createKeyringText, type Keyring, parseKeyring } from '../../src/crypto/keyring.ts'
import type { CheckpointClaims } from '../../src/domain/audit-trail.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { DAY, toInstant } from '../../src/domain/time.ts'
import { type CheckpointPlaces, createCheckpointPlaces } from '../../src/flow/checkpoint-places.ts'
import { followTrail, type TrailVerdict } from '../../src/flow/follow-trail.ts'
import { createOutbound } from '../../src/outbound/guard.ts'
import { insertAuditEvent } from '../../src/store/audit.ts'
import type { BridgeDatabase } from '../../src/store/database.ts'
import { ONE, startTenantDatabase, type TenantDatabase, TWO } from '../store/tenant-database.ts'

export { ONE, TWO }

export interface Trails extends TenantDatabase {
  means: {
    db: BridgeDatabase
    keyring: Keyring
    clock: () => number
    checkpointPlaces: CheckpointPlaces
  }
  clock: { at: number }
  /** Where checkpoints are kept outside. */
  folder: string
  /** Appends so many events, a day apart each. */
  append: (tenant: TenantId, events: number) => Promise<void>
  /** What lies in the folder for a tenant, verified. */
  witnessed: (tenant: TenantId) => CheckpointClaims[]
  verify: (tenant: TenantId, witnessed?: readonly CheckpointClaims[]) => Promise<TrailVerdict>
  /** Statements of a superuser past every trigger. */
  force: (text: string) => Promise<void>
  /** The same, undone after `look`. */
  tamper: <Result>(text: string, look: () => Promise<Result>) => Promise<Result>
}

export async function startTrails(keyringText = createKeyringText()): Promise<Trails> {
  const tenants = await startTenantDatabase()
  const folder = mkdtempSync(path.join(os.tmpdir(), 'identity-bridge-trails-'))
  const outbound = createOutbound({ allowLoopback: true })
  const clock = { at: Date.UTC(2026, 0, 1) }
  const checkpointPlaces = createCheckpointPlaces({
    ...{ places: [{ kind: 'folder', where: folder }], outbound },
  })
  const means = {
    ...{ db: tenants.db, keyring: parseKeyring(keyringText), clock: () => clock.at },
    checkpointPlaces,
  }
  const keys = () => readCheckpointKeys(checkpointJwks(means.keyring))
  const force = async (text: string) => {
    await tenants.look(`SET session_replication_role = replica; ${text}`)
  }
  return {
    ...tenants,
    ...{ means, clock, folder, force },
    async append(tenant, events) {
      for (let n = 0; n < events; n++) {
        clock.at += DAY
        const now = toInstant(clock.at)
        const detail = { type: 'login_refused', reason: 'cancelled' } as const
        await tenants.run(
          insertAuditEvent(tenant, crypto.randomUUID(), now, { detail, subjectHash: 'uSé' }),
          tenant,
        )
      }
    },
    witnessed: (tenant) =>
      readFileSync(path.join(folder, `${tenant}.jws`), 'utf8')
        .trim()
        .split('\n')
        .map((line) => readCheckpoint(line, keys()))
        .filter((claims) => claims !== undefined),
    verify: (tenant, witnessed = []) =>
      followTrail(tenants.db, tenant, { keys: keys(), witnessed }),
    async tamper(text, look) {
      const tables = ['audit_event', 'audit_head', 'audit_checkpoint']
      const copies = tables.map((table) => `CREATE TABLE kept_${table} AS TABLE ${table}`)
      await force(`${copies.join('; ')}; ${text}`)
      try {
        return await look()
      } finally {
        const back = tables.map(
          (table) =>
            `DELETE FROM ${table}; INSERT INTO ${table} TABLE kept_${table}; DROP TABLE kept_${table}`,
        )
        await force(back.join('; '))
      }
    },
    async stop() {
      await outbound.close()
      await tenants.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
