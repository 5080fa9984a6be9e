/**
 * Plans: what happens after a presentation (or after a login that began without one). A rule of the selector names one;
 * each field here does what it says, or the login ends.
 */
import { z } from 'zod'

const Slug = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
const Id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
const AssuranceValue = z.string().regex(/^[!-~]{1,256}$/)
/** Canonical names that must have a value; beside those that the attribute policy requires anyway. */
const requiredAttributes = z
  .array(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/))
  .max(50)
  .default([])

/** What the provider itself has to have said of the login. There is no order among values but the one written here. */
const MinimumAssurance = z
  .strictObject({
    /** One of these is among the values of `acr`, exactly (protocols UP-46). */
    acr: z.array(AssuranceValue).min(1).max(16).optional(),
    /** All of these are in `amr`, exactly. */
    amr: z.array(AssuranceValue).min(1).max(16).optional(),
  })
  .refine(({ acr, amr }) => acr !== undefined || amr !== undefined, 'asks for nothing')
export type MinimumAssurance = z.infer<typeof MinimumAssurance>

const idvFields = {
  /** Slug of the tenant's provider at which the person proves who they are. */
  provider: Slug,
  /** Id of a profile in the tenant's material policy: what the link is made of. */
  profile: Id,
  /**
   * How: `login` takes a session that is open there, `fresh_login` asks for a new authentication (`max_age=0`, and the
   * answer is checked), `choose_account` lets a person with several accounts pick one.
   */
  method: z.enum(['login', 'fresh_login', 'choose_account']).default('login'),
  requiredAttributes,
  minimumAssurance: MinimumAssurance.optional(),
  /**
   * REUSE_OR_CREATE refreshes the wallet's binding to that account, or makes its first. CREATE_NEW always makes one:
   * beside those to other accounts of the same provider, and in place of an older one to the same account. REUSE_ONLY
   * makes none: an account this wallet is not bound to is refused.
   */
  bindingPolicy: z.enum(['REUSE_OR_CREATE', 'CREATE_NEW', 'REUSE_ONLY']).default('REUSE_OR_CREATE'),
  /**
   * `new_link`: a page names wallet and account before they are linked for the first time, and the person says yes.
   * `never`: they are linked at once, where both are named elsewhere or one person is sure to hold both.
   */
  confirm: z.enum(['new_link', 'never']).default('new_link'),
  /** Days after which the proof counts as EXPIRED_BINDING; absent: never. */
  bindingLifetimeDays: z.int().min(1).max(3650).optional(),
}

const RunIdv = z.strictObject({ plan: z.literal('RUN_IDV'), ...idvFields })

/**
 * Like RUN_IDV for somebody who is known, or nearly: the account proven must belong to that very person, who then gets
 * this wallet's key. Where nobody is known there is nothing to confirm, and the login ends.
 */
const StepUp = z.strictObject({ plan: z.literal('STEP_UP'), ...idvFields })

/** The holder's own binding, without asking anybody. A stranger has none, and the login ends. */
const UseExistingBinding = z.strictObject({
  plan: z.literal('USE_EXISTING_BINDING'),
  requiredAttributes,
  /** Compared with what the provider said when the binding was proven. */
  minimumAssurance: MinimumAssurance.optional(),
})

/**
 * The wallet's own word is enough: its attributes leave, nobody is linked, and nothing is kept beyond the grant. The
 * subject is random and for this login alone, whoever presents.
 */
const SkipReconciliation = z.strictObject({
  plan: z.literal('SKIP_RECONCILIATION'),
  requiredAttributes,
})

/** The login ends, with a word for the trail. */
const FailClosed = z.strictObject({
  plan: z.literal('FAIL_CLOSED'),
  reason: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
})

export const Plan = z.discriminatedUnion('plan', [
  RunIdv,
  StepUp,
  UseExistingBinding,
  SkipReconciliation,
  FailClosed,
])
export type Plan = z.infer<typeof Plan>
export type IdvPlan = Extract<Plan, { plan: 'RUN_IDV' | 'STEP_UP' }>

/** Whether a plan leads to an institution's login. */
export function isIdv(plan: Plan): plan is IdvPlan {
  return plan.plan === 'RUN_IDV' || plan.plan === 'STEP_UP'
}

/** Whether what a provider said of a login reaches the minimum; what it did not say fails a demand for it (UP-45). */
export function reachesAssurance(
  minimum: MinimumAssurance | undefined,
  stated: { acr: readonly string[]; amr: readonly string[] },
): boolean {
  const { acr, amr = [] } = minimum ?? {}
  if (acr !== undefined && !acr.some((value) => stated.acr.includes(value))) return false
  return amr.every((method) => stated.amr.includes(method))
}
