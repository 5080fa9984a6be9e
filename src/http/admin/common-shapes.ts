/** Parts that several shapes of the administration share. */
import { z } from 'zod'
import type { Json } from '../../domain/text.ts'

export const slug = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
/** Text that a person reads: no control characters, nothing that turns the direction of the rest. */
export const shown = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\u202a-\u202e\u2066-\u2069]+$/u)
export const inTwoLanguages = (most: number) => z.strictObject({ en: shown(most), nl: shown(most) })
export const instant = z
  .string()
  .describe('ISO 8601, UTC, milliseconds.')
  .meta({ format: 'date-time' })
export const pem = (most: number) => z.string().min(1).max(most)
export const words = (most: number) => z.array(z.string().min(1).max(512)).min(1).max(most)
export const url = z.string().min(1).max(2048)
export const scope = z
  .string()
  .max(1024)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/)
/** A JSON object whose members somebody else judges. Bodies are JSON already when they are read. */
export const wholeObject = z.record(z.string(), z.unknown() as z.ZodType<Json>)
export const nextCursor = z
  .string()
  .nullable()
  .describe('Give it as `cursor` for the next page; null at the end.')
export const version = z.int().min(1)
