/** Who else speaks for clients: the tenant's own authorization servers, and holders of initial access tokens. */
import { z } from 'zod'
import { instant, shown, url } from './common-shapes.ts'

const server = {
  issuer: url.describe('`iss` of its tokens, compared character by character.'),
  jwks_uri: url.describe('Where it publishes its keys.'),
}

export const NewAuthorizationServer = z.strictObject({
  ...server,
  audience: url
    .optional()
    .describe("What its tokens are meant for; the tenant's data API when absent."),
  token_type: z
    .enum(['at+jwt', 'JWT'])
    .default('at+jwt')
    .describe('`typ` of its tokens. RFC 9068 says `at+jwt`; some servers write `JWT`.'),
})
export const AuthorizationServer = z.object({
  id: z.string(),
  ...server,
  audience: z.string(),
  token_type: z.enum(['at+jwt', 'JWT']),
})
export const AuthorizationServerList = z.object({
  authorization_servers: z.array(AuthorizationServer),
})

export const NewRegistrationToken = z.strictObject({
  name: shown(120).describe('What it is for.'),
  uses: z.int().min(1).max(1000).default(1).describe('How many relying parties it may register.'),
  expires_in_days: z.int().min(1).max(365).default(7),
})
export const CreatedRegistrationToken = z.object({
  id: z.string(),
  token: z.string().describe('Said this once.'),
  expires_at: instant,
})
export const RegistrationToken = z.object({
  id: z.string(),
  name: z.string(),
  uses_left: z.int(),
  created_at: instant,
  expires_at: instant,
})
export const RegistrationTokenList = z.object({ tokens: z.array(RegistrationToken) })
