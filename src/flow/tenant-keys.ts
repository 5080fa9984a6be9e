/** A tenant's own keys, imported once: for requests to wallets, and for tokens. */
import type { Selectable } from 'kysely'
import type { Keyring } from '../crypto/keyring.ts'
import { openSigningKey, type PrivateKey } from '../crypto/sealed-signing-key.ts'
import { importVerifyingKey } from '../crypto/signing-key.ts'
import type { Tenant } from '../domain/tenant.ts'
import type { SigningKeyTable } from '../store/schema.ts'
import { prepareRequestSigner, type RequestSigner } from '../wallet/request-signer.ts'
import type { PreparedTenant, TenantMeans } from './tenants.ts'

type KeyRow = Selectable<SigningKeyTable>

type TenantKeys = Pick<
  PreparedTenant,
  'requestKid' | 'requestKidFor' | 'requestSigners' | 'tokenKeys' | 'verifyingKeys' | 'jwks'
>

/** Throws `sealed_unreadable` where the keyring does not open a private key. */
export function importTenantKeys(
  { keyring, publicUrl }: Pick<TenantMeans, 'keyring' | 'publicUrl'>,
  tenant: Tenant,
  rows: readonly KeyRow[],
): TenantKeys {
  const host = new URL(publicUrl).hostname
  const requestKeys = rows.filter((key) => key.purpose === 'request')
  const tokenKeys = rows.filter((key) => key.purpose === 'token')
  const activeKid = (clientId: string) =>
    requestKeys.find((key) => key.state === 'active' && key.client_id === clientId)?.kid
  return {
    requestKid: activeKid(''),
    requestKidFor: (clientId) => activeKid(clientId) ?? activeKid(''),
    requestSigners: new Map(
      requestKeys.map((key) => [key.kid, prepareSigner(keyring, tenant, host, key)]),
    ),
    tokenKeys: new Map(
      tokenKeys
        .filter((key) => key.state === 'active')
        .map((key) => [key.algorithm, { kid: key.kid, privateKey: openPrivateKey(keyring, key) }]),
    ),
    verifyingKeys: new Map(
      tokenKeys.map((key) => [
        key.kid,
        { algorithm: key.algorithm, publicKey: importVerifyingKey(JSON.parse(key.public_jwk)) },
      ]),
    ),
    jwks: {
      keys: tokenKeys.map((key) => ({
        ...JSON.parse(key.public_jwk),
        kid: key.kid,
        alg: key.algorithm,
        use: 'sig',
      })),
    },
  }
}

function openPrivateKey(keyring: Keyring, key: KeyRow): PrivateKey {
  return openSigningKey(keyring, { tenant: key.tenant_id, kid: key.kid }, key.sealed_private_key)
}

function prepareSigner(keyring: Keyring, tenant: Tenant, host: string, key: KeyRow): RequestSigner {
  const chain = (JSON.parse(key.certificate_chain ?? '[]') as string[]).map((der) =>
    Buffer.from(der, 'base64'),
  )
  const signer = prepareRequestSigner({
    prefix: tenant.clientIdPrefix,
    host,
    chain,
    privateKey: openPrivateKey(keyring, key),
  })
  // HAIP 1.0 section 5: by the hash of its certificate and by no other name.
  return tenant.haip ? { ...signer, clientIds: [signer.clientId] } : signer
}
