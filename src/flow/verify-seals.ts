/**
 * Is every sealed text of a person the last one that was written at its place? The audit trail says which that is, and an
 * older one that somebody put back opens as well (protocols 11, row 41).
 */
import { unwrapDataKey } from '../crypto/data-key.ts'
import { markSeal } from '../crypto/seal-mark.ts'
import type { Deps } from '../deps.ts'
import { OlderText } from '../domain/audit-trail.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import { SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import { readSeals, SEALING_EVENTS, type SealPlace, splitMark } from '../domain/seal-mark.ts'
import { findTrailHead, readDetails, readTrail } from '../store/audit-trail.ts'
import { read } from '../store/database.ts'
import { SEAL_ROWS, type SealRow, type SealTable } from '../store/seal-rows.ts'
import { listLivingTenantIds } from '../store/tenant.ts'

type Means = Pick<Deps, 'db' | 'keyring'>

/** Rows at a time: they are worked out in one go, and logins wait. */
const PAGE = 50
/** Places that are remembered for one walk along the trail. */
const AT_ONCE = 50_000
/** Events at a time. */
const STRETCH = 5000
/** The most places that are named. */
const NAMED = 100

export interface SealVerdict {
  /** How many texts were looked at. */
  texts: number
  /** Of which the trail does not tell, or does not any more. */
  untold: number
  /** Which no key at hand opens. */
  unreadable: number
  /** How many are older than what the trail tells last, and the first of their places. */
  older: number
  places: SealPlace[]
}

/** One tenant's check, and whether to go on with it. */
interface Walk {
  means: Means
  tenantId: TenantId
  goOn: () => Promise<boolean>
}

interface Marked extends SealPlace {
  name: string
  print: string
}

/**
 * Looks at every sealed text of the tenant's people; undefined where `goOn` said to stop. Nothing is locked: what changes
 * meanwhile is looked at once more, and is only called older when it lay there after its successor was told.
 */
export async function verifySeals(
  means: Means,
  tenantId: TenantId,
  goOn: () => Promise<boolean>,
): Promise<SealVerdict | undefined> {
  const verdict: SealVerdict = { texts: 0, untold: 0, unreadable: 0, older: 0, places: [] }
  for (const table of SEAL_ROWS)
    for (let afterId: string | undefined = ''; afterId !== undefined; ) {
      const held: Marked[] = []
      while (afterId !== undefined && held.length < AT_ONCE) {
        if (!(await goOn())) return undefined
        const [rows]: [SealRow[]] = await read(means.db, tenantId, [
          table.list({ tenantId, afterId, limit: PAGE }),
        ])
        held.push(...markRows(means, tenantId, table, rows, verdict))
        afterId = rows.length < PAGE ? undefined : rows.at(-1)?.id
      }
      const older = await findOlder({ means, tenantId, goOn }, table, held, verdict)
      if (older === undefined) return undefined
      verdict.older += older.length
      const named = older.slice(0, NAMED - verdict.places.length)
      verdict.places.push(...named.map(({ row, column }) => ({ table: table.table, row, column })))
    }
  return verdict
}

/** The same as the service itself asks: returns how many texts were looked at, and throws {@link OlderText}. */
export async function requireSeals(
  means: Means,
  tenantId: TenantId,
  goOn: () => Promise<boolean>,
): Promise<number | undefined> {
  const verdict = await verifySeals(means, tenantId, goOn)
  const [first] = verdict?.places ?? []
  if (verdict !== undefined && first !== undefined) throw new OlderText(first.table, verdict.older)
  return verdict?.texts
}

/** The verdicts on all tenants, or on these, for whoever is not the service itself. Throws `not_found` for an unknown slug. */
export async function* verifyAllSeals(
  means: Means,
  slugs: readonly string[],
): AsyncGenerator<SealVerdict & { slug: string }> {
  const [all] = await read(means.db, SYSTEM_TENANT, [listLivingTenantIds({})])
  if (!slugs.every((slug) => all.some((one) => one.slug === slug))) fail({ kind: 'not_found' })
  for (const { id, slug } of all) {
    if (slugs.length > 0 && !slugs.includes(slug)) continue
    const verdict = await verifySeals(means, id, () => Promise.resolve(true))
    if (verdict !== undefined) yield { slug, ...verdict }
  }
}

function markRows(
  { keyring }: Pick<Means, 'keyring'>,
  tenant: TenantId,
  { table, columns }: SealTable,
  rows: readonly SealRow[],
  counts: Pick<SealVerdict, 'texts' | 'unreadable'>,
): Marked[] {
  return rows.flatMap(({ id: row, texts, owner, wrapped }) => {
    const there = columns.flatMap((column, index) => {
      const sealed = texts[index] ?? null
      return sealed === null ? [] : [{ column, sealed }]
    })
    counts.texts += there.length
    const key =
      wrapped === null ? undefined : ifItOpens(() => unwrapDataKey(keyring, tenant, owner, wrapped))
    if (key === undefined) {
      counts.unreadable += there.length
      return []
    }
    return there.map(({ column, sealed }) => {
      const [name, print] = splitMark(markSeal(key, { tenant, table, column, row }, sealed))
      return { table, column, row, name, print }
    })
  })
}

/** Which of these are not what the trail tells last, and were so both before and after it was asked; undefined where it stopped. */
async function findOlder(
  walk: Walk,
  table: SealTable,
  held: readonly Marked[],
  counts: Pick<SealVerdict, 'untold'>,
): Promise<Marked[] | undefined> {
  if (held.length === 0) return []
  const { means, tenantId } = walk
  const doubtful = await findDoubtful(walk, held, counts)
  if (doubtful === undefined || doubtful.length === 0) return doubtful
  const last = await readLast(walk, new Set(doubtful.map(({ name }) => name)))
  if (last === undefined) return undefined
  const others = doubtful.filter(({ name, print }) => (last.get(name) ?? print) !== print)
  const older: Marked[] = []
  for (let at = 0; at < others.length; at += PAGE) {
    if (!(await walk.goOn())) return undefined
    const some = others.slice(at, at + PAGE)
    const ids = some.map(({ row }) => row)
    const [rows] = await read(means.db, tenantId, [table.find({ tenantId, ids })])
    const now = markRows(means, tenantId, table, rows, { texts: 0, unreadable: 0 })
    const same = ({ name, print }: Marked) =>
      now.some((each) => each.name === name && each.print === print)
    older.push(...some.filter(same))
  }
  return older
}

/** Those that were followed by another, whatever the trail tells after that: of all others one print a name is remembered. */
async function findDoubtful(
  walk: Walk,
  held: readonly Marked[],
  counts: Pick<SealVerdict, 'untold'>,
): Promise<Marked[] | undefined> {
  const own = new Map(held.map(({ name, print }) => [name, print]))
  const last = new Map<string, string>()
  const followed = new Set<string>()
  const walked = await readMarks(walk, (name, print) => {
    const mine = own.get(name)
    if (mine === undefined) return
    if (last.get(name) === mine && print !== mine) followed.add(name)
    last.set(name, print)
  })
  if (!walked) return undefined
  counts.untold += held.filter(({ name }) => !last.has(name)).length
  return held.filter(({ name, print }) => followed.has(name) || (last.get(name) ?? print) !== print)
}

/**
 * The last print that the trail tells of each of these names, up to where it stands now. A text is never sealed alike twice,
 * so a print that comes again after another is no word of ours: who can write into the database may have copied its event.
 */
async function readLast(
  walk: Walk,
  names: ReadonlySet<string>,
): Promise<Map<string, string> | undefined> {
  const last = new Map<string, string>()
  const told = new Map<string, Set<string>>()
  const walked = await readMarks(walk, (name, print) => {
    if (!names.has(name)) return
    const before = told.get(name) ?? new Set()
    if (before.has(print)) return
    // That nothing lies there may be told more than once.
    if (print !== '') told.set(name, before.add(print))
    last.set(name, print)
  })
  return walked ? last : undefined
}

/** Hands over every mark of the trail in order, up to where it stands now; false where it was stopped. */
async function readMarks(
  { means: { db }, tenantId, goOn }: Walk,
  take: (name: string, print: string) => void,
): Promise<boolean> {
  const [[head], [first]] = await read(db, tenantId, [
    findTrailHead({ tenantId }),
    readTrail({ tenantId, after: 0, limit: 1 }),
  ])
  const types = SEALING_EVENTS
  for (let after = (first?.seq ?? 1) - 1; after < (head?.seq ?? 0); after += STRETCH) {
    if (!(await goOn())) return false
    const upTo = after + STRETCH
    const [events] = await read(db, tenantId, [readDetails({ tenantId, after, upTo, types })])
    for (const { detail } of events)
      for (const [name, print] of readSeals(detail)) take(name, print)
  }
  return true
}

function ifItOpens<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof BridgeError && error.failure.kind === 'sealed_unreadable') return undefined
    throw error
  }
}
