/** Erasures as the administration reads and answers them. */
import { z } from 'zod'
import { ERASURE_GROUNDS } from '../../domain/erasure.ts'
import { Lookup } from '../data/shapes.ts'
import { instant } from './common-shapes.ts'

const ground = z
  .enum(ERASURE_GROUNDS)
  .describe('Article 17(1) GDPR, from (a) to (e): why the data must go.')

export const ErasureRequest = z.strictObject({ ground })

const Short = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('account'),
    provider: z.string().max(63).describe('Slug of the provider.'),
    value: z
      .string()
      .min(1)
      .max(1000)
      .describe("The account, as the provider's identifying attribute has it."),
  }),
  z.strictObject({
    kind: z.literal('key'),
    thumbprint: z
      .string()
      .regex(/^[A-Za-z0-9_-]{43}$/)
      .describe("SHA-256 thumbprint of the wallet's key (RFC 7638)."),
  }),
])

export const NamedIdentifier = z
  .union([Short, Lookup])
  .describe('An account or a key for short, or an identifier of any kind as the data API has it.')

export const IdentifierErasureRequest = z.strictObject({ ground, identifier: NamedIdentifier })

export const Erasure = z.object({
  id: z.string(),
  erased_at: instant,
  receipt: z
    .string()
    .describe("Signed by the tenant's key for tokens: random ids, ground, time and counts (JWS)."),
})

export const ErasurePolicy = z.strictObject({
  four_eyes: z.boolean().describe('Whether somebody else than who asked has to approve.'),
  wait_hours: z.int().min(0).max(720).describe('How long it waits then, and can be cancelled.'),
})
export const NewBulkErasure = z.strictObject({
  ground,
  persons: z.array(z.uuid()).min(1).max(1000).describe('Ids of people.'),
})
export const BulkErasure = z.object({
  id: z.string(),
  state: z.enum(['waiting', 'approved', 'cancelled', 'done']),
  ground,
  persons: z.int().describe('How many it is about; 0 once it has ended.'),
  requested_by: z.string(),
  requested_at: instant,
  approved_by: z.string().nullable(),
  due_at: instant.describe('Not before; from the approval on, where one is needed.'),
  erased: z.int(),
  ended_at: instant.nullable(),
})
export const BulkErasureList = z.object({ policy: ErasurePolicy, requests: z.array(BulkErasure) })
