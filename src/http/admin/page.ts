/** Lists come in pages; a cursor says where the next one begins. */
import { z } from 'zod'

const limit = z
  .string()
  .regex(/^([1-9]|[1-9][0-9]|1[0-9]{2}|200)$/)
  .optional()
  .describe('How many at most: 1 to 200, 50 when absent.')
  .meta({ example: '50' })

export const PageQuery = z.strictObject({
  cursor: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe('`next_cursor` of the page before.')
    .meta({ example: 'example' }),
  limit,
})

/** For lists whose cursor is a number. */
export const NumberedPageQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^[1-9][0-9]{0,14}$/)
    .optional()
    .describe('`next_cursor` of the page before.')
    .meta({ example: '120' }),
  limit,
})

const USUAL = 50

export function pageOf(query: z.output<typeof PageQuery>): { after: string; limit: number } {
  return { after: query.cursor ?? '', limit: limitOf(query.limit) }
}

export function limitOf(text: string | undefined): number {
  return text === undefined ? USUAL : Number(text)
}
