/** Waits until others wait: how a test puts two transactions in an order. */
import type { Bridge } from './bridge.ts'
import { query } from './postgres.ts'

/** Until this many connections of the bridge's database wait for a lock; throws where they do not. */
export async function lockWaits(bridge: Pick<Bridge, 'database'>, many: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const [row] = await query<{ count: number }>(
      bridge.database.superuserUrl,
      `SELECT count(*)::int AS count FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    if ((row?.count ?? 0) >= many) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('nobody waits')
}
