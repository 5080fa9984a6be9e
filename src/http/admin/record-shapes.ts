/** Admin tokens and audit events as the administration reads and answers them. */
import { z } from 'zod'
import { ADMIN_SCOPE_NAMES, INSTITUTION } from '../../domain/admin.ts'
import { instant, nextCursor, shown, slug, wholeObject } from './common-shapes.ts'

/** As in `schac_home_organization`. */
const institution = z.string().regex(INSTITUTION)
const adminScope = z.enum(ADMIN_SCOPE_NAMES)
export const NewAdminToken = z.strictObject({
  name: shown(120),
  scopes: z
    .array(adminScope)
    .min(1)
    .max(ADMIN_SCOPE_NAMES.length)
    .describe('None that the calling token lacks.'),
  tenant: slug.nullable().default(null).describe('The one tenant it is for; null for all.'),
  institution: institution
    .nullable()
    .default(null)
    .describe('The one institution whose providers it manages; with `providers:manage` alone.'),
  expires_in_days: z.int().min(1).max(365).default(90),
})
export const CreatedAdminToken = z.object({
  id: z.string(),
  token: z.string().describe('Said this once.'),
  expires_at: instant,
})
export const AdminToken = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(adminScope),
  tenant: z.string().nullable(),
  institution: z.string().nullable(),
  created_at: instant,
  expires_at: instant,
  last_used_at: instant.nullable().describe('To the minute.'),
  revoked_at: instant.nullable(),
})
export const AdminTokenList = z.object({ tokens: z.array(AdminToken) })

export const AuditEvent = z.object({
  id: z.string(),
  seq: z.int().describe('Place in the chain of its tenant, from 1 without gaps.'),
  type: z.string(),
  correlation_id: z.string().nullable(),
  subject_hash: z
    .string()
    .nullable()
    .describe('The same for the same person until they are erased.'),
  client_id: z.string().nullable(),
  detail: wholeObject,
  created_at: instant,
  prev_hash: z.string(),
  row_hash: z.string(),
})
export const AuditCheckpointList = z.object({
  checkpoints: z.array(
    z.object({
      seq: z.int().describe('Up to which event it speaks.'),
      start_seq: z.int().describe('Up to which event the trail was pruned.'),
      jws: z.string().describe('The checkpoint itself; see docs/audit-trail.md.'),
      created_at: instant,
    }),
  ),
  keys: z
    .array(
      z.object({
        ...{ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() },
        ...{ kid: z.string(), use: z.literal('sig') },
      }),
    )
    .describe('Keep them: a key that was retired is not here any more.'),
  next_cursor: nextCursor,
})
export const AuditEventList = z.object({ events: z.array(AuditEvent), next_cursor: nextCursor })
