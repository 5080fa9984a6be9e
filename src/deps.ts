/**
 * Everything a process is made of, once, in `main.ts`. Nobody takes the whole: a flow's first parameter names the parts it
 * may use (`Pick<Deps, 'db' | 'clock'>`), and so says what it can do.
 */
import type { Config } from './config.ts'
import type { Keyring } from './crypto/keyring.ts'
import type { Clock } from './domain/time.ts'
import type { CheckpointPlaces } from './flow/checkpoint-places.ts'
import type { Tenants } from './flow/tenants.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Outbound } from './outbound/guard.ts'
import type { BridgeDatabase } from './store/database.ts'

export interface Deps {
  readonly config: Config
  readonly db: BridgeDatabase
  readonly keyring: Keyring
  readonly outbound: Outbound
  readonly tenants: Tenants
  readonly checkpointPlaces: CheckpointPlaces
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** The process ends: who waits here for something to happen is answered now. */
  readonly stopping: AbortSignal
}
