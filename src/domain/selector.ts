/**
 * The plan: what happens after a presentation whose holder is not known. One default plan a tenant for now; rules that
 * choose between plans will stand beside it in the same document.
 */
import { z } from 'zod'

const Plan = z.strictObject({
  /** RUN_IDV: send the person once to the institution's own login. */
  plan: z.literal('RUN_IDV'),
  /** Slug of the tenant's reconciliation provider. */
  provider: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
  /** Id of a profile in the tenant's material policy. */
  profile: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
})
export type Plan = z.infer<typeof Plan>

/** The policy document of kind `selector`. */
export const SelectorPolicy = z.strictObject({ default: Plan })
export type SelectorPolicy = z.infer<typeof SelectorPolicy>
