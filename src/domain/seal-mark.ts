/**
 * What an event says of the sealed texts that were written with it: `<name>.<print>` each, the place and the text that lies
 * there from now on, or no print where none does. The last word about a place is what must be there (protocols 11, row 41).
 */

declare const sealMark: unique symbol
/** One place and its text, as `crypto/seal-mark.ts` names them: random to whoever lacks the person's data key. */
export type SealMark = string & { readonly [sealMark]: true }

/** Where a sealed text of a person lies. */
export interface SealPlace {
  table: string
  column: string
  row: string
}

/** Events that may carry marks. */
export const SEALING_EVENTS = [
  'binding_created',
  'binding_updated',
  'auxiliary_written',
  'auxiliary_deleted',
  'attributes_erased',
  'identities_split',
] as const

/** The marks as an event's detail holds them. */
export function sealsText(marks: readonly SealMark[]): string {
  return marks.join(' ')
}

/** Name and print of each mark in an event's detail; none of an event from before there were marks. */
export function readSeals(detail: string | null): [name: string, print: string][] {
  const { seals } = JSON.parse(detail ?? '{}') as { seals?: unknown }
  if (typeof seals !== 'string' || seals === '') return []
  return seals.split(' ').map((mark) => splitMark(mark as SealMark))
}

/** A mark's two parts. */
export function splitMark(mark: SealMark): [name: string, print: string] {
  const at = mark.indexOf('.')
  return [mark.slice(0, at), mark.slice(at + 1)]
}
