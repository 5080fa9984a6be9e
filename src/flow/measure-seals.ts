/** How often this process sealed under Key C, and whether a rotation is due, for the metrics (protocols CR-01). */
import { rotationIsDue, sealCounts } from '../crypto/keyring.ts'
import type { Deps } from '../deps.ts'

/** Sets the gauges by purpose and version; nothing is read and nothing can fail. */
export function measureSeals({ keyring, metrics }: Pick<Deps, 'keyring' | 'metrics'>): void {
  metrics.seals(sealCounts(keyring), rotationIsDue(keyring))
}
