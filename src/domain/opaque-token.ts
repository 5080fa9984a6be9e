/** Opaque tokens as they came, and the rows they would lie in. */
import type { SecretHash } from './text.ts'

/** An access token. */
export interface LocatedToken {
  /** `code`, `refreshed`: in the row of its code or of its family of refresh tokens. `plain`: with a row of its own. */
  kind: 'code' | 'refreshed' | 'plain'
  tokenHash: SecretHash
  /** The row's name; for a plain one the token's own hash. */
  rowHash: SecretHash
}

/** A refresh token, whose family is its row. */
export interface LocatedRefreshToken {
  familyHash: SecretHash
  tokenHash: SecretHash
}
