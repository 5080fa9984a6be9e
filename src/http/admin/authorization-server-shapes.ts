/** Authorization servers of the tenant's own, as the administration reads and answers them. */
import { z } from 'zod'
import { url } from './common-shapes.ts'

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
