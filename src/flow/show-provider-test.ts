/** What came back from a test login, shown once in the browser that made it. */
import { hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import { toInstant } from '../domain/time.ts'
import { transact } from '../store/database.ts'
import { takeProviderTestResult } from '../store/provider-test.ts'
import { openForTest, type TestResult } from './provider-test-draft.ts'
import type { PreparedTenant } from './tenants.ts'

export interface ShownTest extends TestResult {
  providerName: string
  identifierAttribute: string
}

/** Returns it and forgets it. Throws `journey_not_open` where there is nothing to see, or not in this browser. */
export async function showProviderTest(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  prepared: PreparedTenant,
  id: string,
  browserId: string | undefined,
): Promise<ShownTest> {
  const tenantId = prepared.tenant.id
  if (browserId === undefined) return fail({ kind: 'journey_not_open' })
  const now = toInstant(means.clock())
  const [[test]] = await transact(means.db, tenantId, [
    takeProviderTestResult({ tenantId, id, browserHash: hashSecret(browserId), now }),
  ])
  if (test === undefined) return fail({ kind: 'journey_not_open' })
  const provider = await prepared.provider(test.provider_id)
  if (provider === undefined) return fail({ kind: 'not_found' })
  return {
    ...openForTest<TestResult>(means.keyring, tenantId, id, test.sealed),
    providerName: provider.name,
    identifierAttribute: provider.identifierAttribute,
  }
}
