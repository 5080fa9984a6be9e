/** The audit trails of all tenants, or of some, checked one after the other: for whoever is not the service itself. */
import type { CheckpointKeys } from '../crypto/audit-checkpoint.ts'
import type { Deps } from '../deps.ts'
import type { CheckpointClaims, TrailPlace } from '../domain/audit-trail.ts'
import { fail } from '../domain/failure.ts'
import { SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import { read } from '../store/database.ts'
import { listTenantIds } from '../store/tenant.ts'
import { findNewest, followTrail, type TrailVerdict } from './follow-trail.ts'

export interface VerifyWish {
  /** Which tenants; all, the reserved one included, when empty. */
  slugs: readonly string[]
  keys: CheckpointKeys
  /** Checkpoints from outside the database by tenant id, their signatures verified. */
  witnessed: ReadonlyMap<string, readonly CheckpointClaims[]>
  /** Begins behind the newest checkpoint and takes what lies before it as signed. */
  sinceCheckpoint: boolean
  /** Where an earlier check came to, by tenant id. */
  places: ReadonlyMap<string, TrailPlace>
  /** Told of every batch that was right. */
  onPlace: (tenant: TenantId, place: TrailPlace) => void
}

export interface TenantVerdict extends TrailVerdict {
  tenant: string
  /** The slug; the id where there is no such tenant any more. */
  name: string
}

/**
 * Yields a verdict a tenant; a tenant that checkpoints outside tell of and that is not there has lost its trail. Throws
 * `not_found` for an unknown slug.
 */
export async function* verifyTrails(
  means: Pick<Deps, 'db'>,
  wish: VerifyWish,
): AsyncGenerator<TenantVerdict> {
  const { db } = means
  const [all] = await read(db, SYSTEM_TENANT, [listTenantIds({})])
  if (!wish.slugs.every((slug) => all.some((one) => one.slug === slug))) fail({ kind: 'not_found' })
  const chosen = all.filter(({ slug }) => wish.slugs.length === 0 || wish.slugs.includes(slug))
  const gone =
    wish.slugs.length > 0
      ? []
      : [...wish.witnessed.keys()].filter((id) => !all.some((one) => one.id === id))
  const names = [
    ...chosen.map(({ id, slug }) => ({ id, name: slug })),
    ...gone.map((id) => ({ id: id as TenantId, name: id })),
  ]
  for (const { id, name } of names) {
    const witnessed = wish.witnessed.get(id) ?? []
    const { keys } = wish
    const from = wish.sinceCheckpoint
      ? await placeOfNewest(db, id, { keys, witnessed })
      : wish.places.get(id)
    const onBatch = (place: TrailPlace) => {
      wish.onPlace(id, place)
      return Promise.resolve(true)
    }
    const verdict = await followTrail(db, id, { keys, witnessed, from, onBatch })
    yield { tenant: id, name, ...verdict }
  }
}

async function placeOfNewest(
  db: Deps['db'],
  id: TenantId,
  known: { keys: CheckpointKeys; witnessed: readonly CheckpointClaims[] },
): Promise<TrailPlace | undefined> {
  const newest = await findNewest(db, id, known)
  if (newest === undefined || newest === 'unknown' || 'reason' in newest) return undefined
  return { seq: newest.seq, rowHash: newest.row_hash }
}
