/** `oid4vp-1final-verifier-haip-test-plan`: encrypted answers, a client named by its certificate, this device alone. */
import { describeVerifierPlan } from './verifier-plan.ts'

describeVerifierPlan({
  name: 'oid4vp-1final-verifier-haip-test-plan',
  settings: { clientIdPrefix: 'x509_hash', responseMode: 'direct_post.jwt', crossDevice: false },
  prefix: 'x509_hash',
  responseMode: 'direct_post.jwt',
})
