/** Audit trails as files: exported events, checkpoints that were kept outside, public keys, and how far a check has come. */
import {
  createReadStream,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import {
  type CheckpointKeys,
  readCheckpoint,
  readCheckpointKeys,
} from '../crypto/audit-checkpoint.ts'
import { JwsError } from '../crypto/jws.ts'
import type { CheckpointClaims, TrailPlace, TrailRow } from '../domain/audit-trail.ts'
import { HALF_LINE } from '../flow/checkpoint-places.ts'
import { SetupRefused } from '../store/setup-refused.ts'

const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })

/** The keys of a saved `audit keys`. Throws SetupRefused for another file. */
export function readKeyFile(file: string): CheckpointKeys {
  const set = KeySet.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  if (!set.success) throw new SetupRefused(`${file} is no key set.`)
  return readCheckpointKeys(set.data)
}

/**
 * Checkpoints of files and folders, one compact JWS a line or a file, by tenant; those of other keys say nothing and are left
 * out. Throws SetupRefused for one that its key did not sign.
 */
export function readKeptCheckpoints(
  places: readonly string[],
  keys: CheckpointKeys,
): Map<string, CheckpointClaims[]> {
  const found = new Map<string, CheckpointClaims[]>()
  for (const file of places.flatMap(filesIn))
    for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
      if (line.trim() === '' || line.endsWith(HALF_LINE)) continue
      const claims = believe(line.trim(), keys, `${file}:${index + 1}`)
      if (claims === undefined) continue
      const known = found.get(claims.tenant)
      if (known === undefined) found.set(claims.tenant, [claims])
      else known.push(claims)
    }
  return found
}

function filesIn(place: string): string[] {
  if (!statSync(place).isDirectory()) return [place]
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jws'))
    .map((name) => path.join(place, name))
}

function believe(jws: string, keys: CheckpointKeys, where: string): CheckpointClaims | undefined {
  try {
    return readCheckpoint(jws, keys)
  } catch (error) {
    if (!(error instanceof JwsError)) throw error
    throw new SetupRefused(`${where} is not to be believed: ${error.reason}.`)
  }
}

const Places = z.record(z.string(), z.strictObject({ seq: z.int().min(1), rowHash: z.string() }))

/** How far an earlier check came, by tenant; nothing where there is no such file yet. Throws SetupRefused for another file. */
export function readPlaces(file: string | undefined): Map<string, TrailPlace> {
  if (file === undefined || !existsSync(file)) return new Map()
  const places = Places.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  if (!places.success) throw new SetupRefused(`${file} does not say how far a check came.`)
  return new Map(Object.entries(places.data))
}

/** The whole file or the one before: never half of it. */
export function writePlaces(file: string, places: ReadonlyMap<string, TrailPlace>): void {
  writeFileSync(`${file}.new`, JSON.stringify(Object.fromEntries(places)), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** An event as a line of NDJSON, named as on the admin API. */
export function exportedLine(row: TrailRow): string {
  return JSON.stringify({
    ...{ tenant: row.tenant_id, seq: row.seq, id: row.id, type: row.event_type },
    ...{ created_at: row.created_at, correlation_id: row.correlation_id },
    ...{ subject_hash: row.subject_hash, client_id: row.client_id },
    detail: row.detail === null ? null : (JSON.parse(row.detail) as object),
    ...{ prev_hash: row.prev_hash, row_hash: row.row_hash },
  })
}

const text = z.string().nullable()
const Line = z.union([
  z.strictObject({ checkpoint: z.string() }),
  z.strictObject({
    ...{
      tenant: z.string(),
      seq: z.int(),
      id: z.string(),
      type: z.string(),
      created_at: z.string(),
    },
    ...{ correlation_id: text, subject_hash: text, client_id: text },
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullable(),
    ...{ prev_hash: z.string(), row_hash: z.string() },
  }),
])

/** The lines of an export: events as they are hashed, and checkpoints. Throws SetupRefused for a line that is neither. */
export async function* readExport(
  file: string,
): AsyncGenerator<{ row: TrailRow } | { checkpoint: string }> {
  let number = 0
  for await (const written of createInterface({ input: createReadStream(file, 'utf8') })) {
    number++
    if (written === '') continue
    const line = Line.safeParse(JSON.parse(written))
    if (!line.success) throw new SetupRefused(`${file}:${number} is no line of an export.`)
    if ('checkpoint' in line.data) yield { checkpoint: line.data.checkpoint }
    else {
      const { tenant, type, detail, ...rest } = line.data
      yield {
        row: {
          ...{ ...rest, tenant_id: tenant, event_type: type },
          detail: detail === null ? null : JSON.stringify(detail),
        },
      }
    }
  }
}
