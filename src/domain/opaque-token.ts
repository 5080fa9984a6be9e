/** An opaque token as it came, and the row it would lie in. */
import type { SecretHash } from './text.ts'

export interface LocatedToken {
  /** `code`, `refreshed`: an access token in the row of its code or refresh token. `plain`: one with a row of its own. */
  kind: 'code' | 'refreshed' | 'plain'
  tokenHash: SecretHash
  /** The row's name; for a plain one the token's own hash. */
  rowHash: SecretHash
}
