/** What a run has to walk for a tenant, and what it may leave behind, out of a count of what is where. */
import { listKeys, nestingOf } from '../crypto/keyring.ts'
import { behind, type VersionCount, type Wanted } from '../domain/key-migration.ts'
import { fromInstant } from '../domain/time.ts'
import { SEALED_COLUMNS } from '../store/sealed-columns.ts'
import { accountLeg } from './migrate-accounts.ts'
import { stragglerLegs } from './migrate-hashes.ts'
import { bindingLeg, columnLeg, peopleLeg } from './migrate-seals.ts'
import type { Leg, Walk } from './migration-walk.ts'

/** What the run wants: its target, nestings under it, and whatever other instances write with already. */
export function wantedOf({ means, run, target }: Walk): Wanted {
  const keys = listKeys(means.keyring).filter(({ key }) => key === run.key)
  const nestings = keys.filter(({ nests }) => nests?.outer === target)
  const ahead = keys.filter(({ state }) => state === 'pending')
  const versions = [...nestings, ...ahead].map(({ version }) => version)
  const nests = isDue({ means, run }) && run.snapshot.stragglers === 'nest'
  return {
    target: new Set([target, ...versions]),
    mayWait({ part, version }) {
      if (run.key === 'C' || (run.key === 'B' && part === 'binding')) return false
      return !nests || nestingOf(means.keyring, run.key, target, version) === undefined
    },
  }
}

/** Whether the deadline has passed; a run on its way back has none. */
export function isDue({ means, run }: Pick<Walk, 'means' | 'run'>): boolean {
  return run.direction === 'forward' && means.clock() >= fromInstant(run.snapshot.deadline)
}

/** The legs of one walk, in order; one whose rows are all there already is not among them. */
export function legsOf(walk: Walk, counts: readonly VersionCount[]): Leg[] {
  const { key } = walk.run
  const left = behind(counts, wantedOf(walk))
  const versionsOf = (part: string) => versions(left.filter((row) => row.part === part))
  if (key === 'C') {
    const columns = SEALED_COLUMNS.filter(({ table, column }) =>
      left.some(({ part }) => part === `${table}.${column}`),
    )
    return [
      ...versionsOf('identity').map((version) => peopleLeg(walk, version)),
      ...versionsOf('binding').map((version) => bindingLeg(walk, version)),
      ...columns.map((column) => columnLeg(walk, column)),
    ]
  }
  const accounts = key === 'B' ? versionsOf('binding').map((each) => accountLeg(walk, each)) : []
  if (!isDue(walk)) return accounts
  const stragglers = versions(key === 'B' ? left.filter(({ part }) => part === 'match') : left)
  return [...accounts, ...stragglers.flatMap((version) => stragglerLegs(walk, key, version))]
}

function versions(rows: readonly VersionCount[]): number[] {
  return [...new Set(rows.map(({ version }) => version))].toSorted((a, b) => a - b)
}
