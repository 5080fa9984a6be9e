/** `oid4vp-1final-verifier-test-plan`, in the variant of an unencrypted answer and a client named by its DNS name. */
import { describeVerifierPlan } from './verifier-plan.ts'

describeVerifierPlan({
  name: 'oid4vp-1final-verifier-test-plan',
  settings: { clientIdPrefix: 'x509_san_dns', responseMode: 'direct_post' },
  prefix: 'x509_san_dns',
  responseMode: 'direct_post',
})
