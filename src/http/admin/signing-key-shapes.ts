/** Keys for tokens and wallet requests, as the administration answers them. */
import { z } from 'zod'
import { TOKEN_ALGORITHMS } from '../../domain/token-algorithm.ts'
import { instant } from './common-shapes.ts'

const algorithm = z.enum(TOKEN_ALGORITHMS)

export const SigningKey = z.object({
  kid: z.string(),
  purpose: z.enum(['token', 'request']),
  algorithm,
  state: z
    .enum(['next', 'active', 'retiring', 'retired'])
    .describe('All but retired ones are published; the active one signs.'),
  created_at: instant,
  activated_at: instant.nullable(),
  retire_at: instant.nullable().describe('When it is published no more.'),
})
export const SigningKeyList = z.object({ signing_keys: z.array(SigningKey) })
export const SigningKeyRotation = z.strictObject({ algorithm })
export const PublishedSigningKey = z.object({ kid: z.string(), algorithm })
