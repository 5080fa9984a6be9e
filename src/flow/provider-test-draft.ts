/** What the steps of a test login share: where its secrets lie, and what is sealed there. */
import { openUnder, sealUnder } from '../crypto/seal.ts'
import type { Deps } from '../deps.ts'
import type { InstitutionReason } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import type { ProviderMapping } from '../domain/provider-mapping.ts'
import type { JsonObject, Sealed } from '../domain/text.ts'

/** Between leaving for the provider and coming back. */
export interface TestSecrets {
  nonce: string
  codeVerifier: string
}

/** What came back, for one look. */
export interface TestResult {
  /** Undefined when everything was as it should be. */
  reason: InstitutionReason | undefined
  /** What the provider said of the person who logged in; empty where nothing of it could be believed. */
  claims: JsonObject
  acr: readonly string[]
  amr: readonly string[]
  /** Undefined before the tenant has attribute rules, and where nothing could be believed. */
  mapping: ProviderMapping | undefined
}

/** States of test logins begin with this, so that a call-back is known for one without a look at the database. */
export const TEST_STATE = 'test_'

export function sealForTest(
  keyring: Deps['keyring'],
  tenant: TenantId,
  id: string,
  value: TestSecrets | TestResult,
): Sealed {
  return sealUnder(keyring, 'session', contextOf(tenant, id), JSON.stringify(value))
}

/** Throws `sealed_unreadable`. */
export function openForTest<Value extends TestSecrets | TestResult>(
  keyring: Deps['keyring'],
  tenant: TenantId,
  id: string,
  sealed: Sealed,
): Value {
  const opened = openUnder(keyring, 'session', contextOf(tenant, id), sealed)
  return JSON.parse(Buffer.from(opened).toString('utf8')) as Value
}

function contextOf(tenant: TenantId, id: string) {
  return { tenant, table: 'provider_test', column: 'sealed', row: id }
}
