/** An ID token of ours that comes back as a hint about who is meant (Core 3.1.2.1, RP-Initiated Logout 1.0 section 2). */
import { type IdTokenHint, readHintKid, readIdTokenHint } from '../crypto/id-token.ts'
import { importVerifyingKey } from '../crypto/signing-key.ts'
import type { Deps } from '../deps.ts'
import { read } from '../store/database.ts'
import { findRetiredKey } from '../store/signing-key.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * Who an ID token of this tenant is about, or undefined for anything else. It may be long past its time, and its key
 * retired; a key that was removed in an emergency counts for nothing.
 */
export async function readHint(
  { db }: Pick<Deps, 'db'>,
  prepared: PreparedTenant,
  token: string,
): Promise<IdTokenHint | undefined> {
  const kid = readHintKid(token)
  if (kid === undefined || kid.length > 255 || kid.includes('\0')) return undefined
  const key = prepared.verifyingKeys.get(kid) ?? (await findRetired(db, prepared, kid))
  return key === undefined ? undefined : readIdTokenHint(token, { key, issuer: prepared.issuer })
}

async function findRetired(db: Deps['db'], { tenant }: PreparedTenant, kid: string) {
  const [[row]] = await read(db, tenant.id, [findRetiredKey({ tenantId: tenant.id, kid })])
  if (row === undefined) return undefined
  return { algorithm: row.algorithm, publicKey: importVerifyingKey(JSON.parse(row.public_jwk)) }
}
