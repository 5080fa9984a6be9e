/**
 * The ledger outside the database, line by line, as JSON: whatever has to be made again after a restore from a backup. Random
 * ids, our own words, receipts, and names of attributes and categories as the tenant's rules spell them; nothing in it tells
 * who it was, or what was said of them.
 */
import { z } from 'zod'
import { ERASURE_GROUNDS } from './erasure.ts'
import { UNLINK_REASONS } from './unlink.ts'

/** Ours are UUIDs; a database that was taken over may have others. */
const id = z.string().min(1).max(128)
const ids = z.array(id).min(1)
const names = z.array(z.string().min(1).max(256))
const instant = z.iso.datetime({ precision: 3 })
const line = { v: z.literal(1), tenant: z.string().min(1) }

/** A whole person is gone, with everybody merged with them. */
const ErasureLine = z.strictObject({
  ...line,
  erasure: id,
  persons: ids,
  ground: z.enum(ERASURE_GROUNDS),
  erased_at: instant,
  receipt: z.string().max(65_536),
})
export type ErasureLine = z.infer<typeof ErasureLine>

/** What is said of people who stay. */
const SAID = {
  /** Attributes by name and data of institutions by category. */
  attributes: { kind: z.literal('attributes'), persons: ids, attributes: names, categories: names },
  /** These matches ended together, the named one first, with whatever rested on them. */
  unlink: { kind: z.literal('unlink'), persons: ids, matches: ids, reason: z.enum(UNLINK_REASONS) },
  /** These are live again: their end is not to be made again. */
  restored: { kind: z.literal('restored'), persons: ids, matches: ids },
  restriction: { kind: z.literal('restriction'), persons: ids, restricted: z.boolean() },
  /** A yes to a relying party was taken back. */
  consent: { kind: z.literal('consent'), persons: ids, client: z.string().min(1).max(512) },
}
export const LedgerSaid = z.discriminatedUnion('kind', [
  z.strictObject(SAID.attributes),
  z.strictObject(SAID.unlink),
  z.strictObject(SAID.restored),
  z.strictObject(SAID.restriction),
  z.strictObject(SAID.consent),
])
export type LedgerSaid = z.infer<typeof LedgerSaid>

const said = { ...line, line: id, said_at: instant }
const SaidLine = z.discriminatedUnion('kind', [
  z.strictObject({ ...said, ...SAID.attributes }),
  z.strictObject({ ...said, ...SAID.unlink }),
  z.strictObject({ ...said, ...SAID.restored }),
  z.strictObject({ ...said, ...SAID.restriction }),
  z.strictObject({ ...said, ...SAID.consent }),
])
export type SaidLine = z.infer<typeof SaidLine>
export type SaidLineOf<Kind extends SaidLine['kind']> = Extract<SaidLine, { kind: Kind }>

export const LedgerLine = z.union([ErasureLine, SaidLine])
export type LedgerLine = z.infer<typeof LedgerLine>

/**
 * What is to be made again, in the order it has to be: erasures, then the rest as time went. Ends of links that were brought
 * back later are left out, and so is the bringing back itself: it gives a person nothing that they would be harmed without.
 */
export function planReplay(lines: readonly LedgerLine[]): {
  erasures: readonly ErasureLine[]
  decisions: readonly Exclude<SaidLine, { kind: 'restored' }>[]
} {
  const erasures = lines.filter((one) => 'erasure' in one)
  const decisions = lines
    .filter((one) => 'kind' in one)
    .toSorted((a, b) => (a.said_at < b.said_at ? -1 : a.said_at > b.said_at ? 1 : 0))
  const isBack = (end: SaidLineOf<'unlink'>, at: number) =>
    decisions
      .slice(at)
      .some(
        (later) =>
          later.kind === 'restored' && later.matches.some((id) => end.matches.includes(id)),
      )
  return {
    erasures,
    decisions: decisions.flatMap((one, at) =>
      one.kind === 'restored' || (one.kind === 'unlink' && isBack(one, at)) ? [] : [one],
    ),
  }
}
