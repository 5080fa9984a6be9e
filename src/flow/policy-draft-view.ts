/** A draft of a policy document as its administrators see it. */
import type { PolicyKind } from '../domain/policy.ts'
import type { IsoInstant } from '../domain/time.ts'

export interface DraftView {
  kind: PolicyKind
  state: 'draft' | 'validated'
  /** SHA-256 of the document as it was sent, base64url. */
  digest: string
  /** The version that was current when the draft was begun; 0 for none. */
  basedOn: number
  savedAt: IsoInstant
  savedBy: string
}
