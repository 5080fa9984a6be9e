/** Codes of the service, ready to be redeemed. */
import { codeChallengeOf } from '../src/crypto/id-token.ts'
import { hashSecret, newId, randomText } from '../src/crypto/random.ts'
import { type BenchDatabase, insertRows } from './cluster.ts'
import type { KnownPerson } from './load.ts'
import { REDIRECT_URI, type World } from './world.ts'

/** The PKCE verifier of every code. */
export const VERIFIER = 'v'.repeat(64)

/** Codes as finished logins leave them, each with a grant of its own. */
export async function insertCodes(
  { superuser }: BenchDatabase,
  { tenantId: tenant_id }: World,
  known: readonly KnownPerson[],
  { count, clientId }: { count: number; clientId: string },
): Promise<string[]> {
  if (count === 0) return []
  const created_at = new Date().toISOString()
  const expires_at = new Date(Date.now() + 3_600_000).toISOString()
  const common = { tenant_id, client_id: clientId, created_at, expires_at }
  const made = Array.from({ length: count }, (_, index) => {
    const person = known[index % known.length]
    const code = randomText()
    const grantId = newId()
    return {
      code,
      grant: {
        ...{ ...common, id: grantId, identity_id: person?.identityId ?? '' },
        ...{ binding_id: person?.bindingId ?? '', correlation_id: newId(), subject: newId() },
        ...{ scope: 'openid profile email', acr: 'urn:bench', amr: '["pop"]' },
        ...{ auth_time: Math.floor(Date.now() / 1000), attribute_policy_version: 1 },
      },
      row: {
        ...{ ...common, code_hash: hashSecret(code), grant_id: grantId },
        ...{ redirect_uri: REDIRECT_URI, nonce: 'n'.repeat(43) },
        code_challenge: codeChallengeOf(VERIFIER),
      },
    }
  })
  await insertRows(
    superuser,
    'login_grant',
    made.map(({ grant }) => grant),
  )
  await insertRows(
    superuser,
    'authorization_code',
    made.map(({ row }) => row),
  )
  return made.map(({ code }) => code)
}
