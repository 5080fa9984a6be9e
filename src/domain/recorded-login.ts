/**
 * A login as policies see it, written down so that a draft can be tried on it before anybody logs in with it. It names
 * types, issuers, claims and states; no person. Where a rule looks at a claim's value, an invented one does.
 */
import { z } from 'zod'
import { WALLET_WAYS } from './assurance.ts'
import { ENTRY_POINTS, RULE_STATES, TRIGGERS } from './selector-rule.ts'
import type { Json } from './text.ts'

const name = z.string().min(1).max(1024)
/** Bodies and files are JSON already when they are read as this. */
const json = z.unknown() as z.ZodType<Json>

const RecordedCredential = z.strictObject({
  /** Id of the credential query it answers. */
  query: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  format: z.enum(['dc+sd-jwt', 'mso_mdoc', 'jwt_vc_json']).default('dc+sd-jwt'),
  /** Its type, with other names it goes by. */
  types: z.array(name).min(1).max(20),
  /** As the bridge calls it: the trust entry's id, then `#` and the issuer's own name where the entry tells issuers apart. */
  issuer: name,
  /** Base64url; only where the query asks for certain authorities. */
  authority_key_ids: z.array(z.string().max(128)).max(20).default([]),
  trusted_lists: z.array(z.string().max(2048)).max(20).default([]),
  superiors: z.array(z.string().max(1024)).max(20).default([]),
  /** What it discloses. A value that no rule looks at may simply be `true`. */
  claims: z.record(z.string().min(1).max(256), json).default({}),
})

/** One recorded login. */
export const RecordedLogin = z.strictObject({
  /** What people call it. */
  name: z.string().min(1).max(200),
  entry_point: z.enum(ENTRY_POINTS).default('wallet'),
  /** How the wallet is reached; of no account at an entry point without one. */
  way: z.enum(WALLET_WAYS).default('same_device'),
  trigger: z.enum(TRIGGERS).default('login'),
  /** What the wallet shows; nothing at an entry point without a wallet. */
  credentials: z.array(RecordedCredential).max(16).default([]),
  /** What the database would know of the holder. */
  state: z.enum([...RULE_STATES, 'AMBIGUOUS']).default('NOT_FOUND'),
  /** The state names somebody who only may be this person. */
  candidate: z.boolean().default(false),
  /** A material has changed since the link was proven. */
  refresh_due: z.boolean().default(false),
  /** What the relying party is granted. */
  scope: z.array(name).max(50).default(['openid']),
  client_id: z.string().max(512).default(''),
})
export type RecordedLogin = z.infer<typeof RecordedLogin>

/** What a file of recorded logins holds. */
export const RecordedLogins = z.array(RecordedLogin).min(1).max(500)
