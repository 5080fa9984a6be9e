/**
 * What a machine client may see and change of people on the data API. Everything is named: what its registration does not
 * say, it neither reads nor writes.
 */
import { z } from 'zod'
import { isReservedClaim } from './attributes.ts'
import type { Json, JsonObject } from './text.ts'

/** Names a category; it may become a claim of a token, so it is none that tokens are made of. */
const CategoryName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/)
  .refine((name) => !isReservedClaim(name), 'is the name of a token claim')
export const FieldName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/)
  .refine((name) => !['constructor', 'prototype'].includes(name), 'is no name of a field')

const CategoryAccess = z.strictObject({
  category: CategoryName,
  read: z
    .union([z.literal('all'), z.array(FieldName).max(100)])
    .describe('`all`, or the fields it may see; an empty list for none.'),
  write: z.boolean().describe('Whoever writes a category replaces it whole.'),
})

export const DataAccess = z
  .strictObject({
    claims: z
      .array(z.string().min(1).max(64))
      .max(200)
      .describe('Canonical attributes it may see.'),
    auxiliary: z.array(CategoryAccess).max(100),
  })
  .refine(
    ({ auxiliary }) => new Set(auxiliary.map(({ category }) => category)).size === auxiliary.length,
    'a category occurs twice',
  )
export type DataAccess = z.output<typeof DataAccess>

/** What a registration that says nothing gets. */
export const NO_ACCESS: DataAccess = { claims: [], auxiliary: [] }

/** Whether anything of the category may be read. */
export function mayRead(access: DataAccess, category: string): boolean {
  const found = access.auxiliary.find((one) => one.category === category)
  return found !== undefined && (found.read === 'all' || found.read.length > 0)
}

export function mayWrite(access: DataAccess, category: string): boolean {
  return access.auxiliary.some((one) => one.category === category && one.write)
}

/** Those of the claims that the registration names. */
export function projectClaims(access: DataAccess, claims: JsonObject): JsonObject {
  return pick(claims, new Set(access.claims))
}

/** Those of a category's fields that the registration names. */
export function projectFields(
  access: DataAccess,
  category: string,
  fields: JsonObject,
): JsonObject {
  const read = readableFields(access, category)
  return read === 'all' ? fields : pick(fields, new Set(read))
}

/** Their names, or `all` of whatever there is. */
export function readableFields(access: DataAccess, category: string): 'all' | readonly string[] {
  return access.auxiliary.find((one) => one.category === category)?.read ?? []
}

/**
 * Claims and categories as members of one object, for a token that somebody else makes: the claims of the person come
 * first, and nothing takes the name of a claim that tokens are made of.
 */
export function enrichmentOf(
  claims: JsonObject,
  auxiliary: { readonly [category: string]: JsonObject },
): JsonObject {
  const members = Object.entries({ ...auxiliary, ...claims })
  return Object.fromEntries(members.filter(([name]) => !isReservedClaim(name)))
}

function pick(values: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(
    Object.entries(values).filter((member): member is [string, Json] => names.has(member[0])),
  )
}
