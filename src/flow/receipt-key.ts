/** What receipts are signed with: the tenant's key for tokens, also where the tenant is switched off. */
import { signCompact } from '../crypto/jws.ts'
import { openSigningKey } from '../crypto/sealed-signing-key.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import type { JsonObject } from '../domain/text.ts'
import { read } from '../store/database.ts'
import { listSigningKeys } from '../store/signing-key.ts'

export interface ReceiptKey {
  /** A compact JWS of this `typ`; its `kid` is in the tenant's published set. */
  sign(type: string, claims: JsonObject): string
}

/** Throws `conflict` where the tenant has no active key, `sealed_unreadable` where it cannot be opened. */
export async function openReceiptKey(
  means: Pick<Deps, 'db' | 'keyring'>,
  tenant: TenantId,
): Promise<ReceiptKey> {
  const [keys] = await read(means.db, tenant, [listSigningKeys({ tenantId: tenant })])
  const active = keys.filter((key) => key.purpose === 'token' && key.state === 'active')
  const row = active.find((key) => key.algorithm === 'ES256') ?? active[0]
  if (row === undefined)
    return fail({ kind: 'conflict', detail: 'the tenant has no key to sign the receipt with' })
  const { kid, algorithm } = row
  const key = openSigningKey(means.keyring, { tenant, kid }, row.sealed_private_key)
  return {
    sign: (typ, payload) => signCompact({ header: { typ, kid }, payload, key, algorithm }),
  }
}
