/** `oid4vp-1final-verifier-haip-test-plan`: the tenant's switch for the profile, and nothing else. */
import { describeVerifierPlan } from './verifier-plan.ts'

describeVerifierPlan({
  name: 'oid4vp-1final-verifier-haip-test-plan',
  settings: { haip: true },
  prefix: 'x509_hash',
  responseMode: 'direct_post.jwt',
})
