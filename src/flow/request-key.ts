/** The key a tenant signs its wallet requests with: judged and sealed for its row, and read back as people may see it. */
import type { Selectable } from 'kysely'
import {
  certificatePem,
  createRequestIdentity,
  type RequestIdentity,
  readRequestIdentity,
} from '../crypto/request-identity.ts'
import { sealSigningKey } from '../crypto/sealed-signing-key.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId } from '../domain/ids.ts'
import type { Tenant } from '../domain/tenant.ts'
import { DAY, type IsoInstant, toInstant } from '../domain/time.ts'
import type { SigningKeyTable } from '../store/schema.ts'
import { insertSigningKey } from '../store/signing-key.ts'
import type { Changed, Step } from '../store/statement.ts'
import { readCertificate } from '../wallet/certificate.ts'
import { checkSigningCertificate, clientIdOf } from '../wallet/request-signer.ts'

/** A chain and its key as PEM, for a tenant that has an access certificate. */
export interface SuppliedIdentity {
  certificateChain: string
  privateKey: string
}

/** What a wallet, and whoever configures one, has to know. */
export interface RequestCertificate {
  kid: string
  /** With its prefix, as wallets see it. */
  clientId: string
  /** PEM, the leaf first. */
  chain: readonly string[]
  /** PEM of the authority that the bridge made; undefined where the chain was brought along. */
  trustAnchor: string | undefined
  notAfter: IsoInstant
  /** Within 14 days (VP-041). */
  expiresSoon: boolean
}

const SOON = 14 * DAY

/**
 * Returns the row of a request key and what it shows: of the supplied identity, or of one made here; for the whole tenant, or
 * for one relying party. Throws
 * `invalid_request` for PEM that cannot be read and `policy_refused` naming each rule the chain breaks (VP-008, VP-041).
 */
export async function prepareRequestKey(
  deps: Pick<Deps, 'keyring' | 'config' | 'clock'>,
  tenant: Pick<Tenant, 'id' | 'clientIdPrefix'>,
  supplied: SuppliedIdentity | undefined,
  clientId: ClientId | undefined = undefined,
): Promise<{ step: Step<Changed>; certificate: RequestCertificate }> {
  const now = deps.clock()
  const host = new URL(deps.config.publicUrl).hostname
  const identity =
    supplied === undefined
      ? await createRequestIdentity(host, now)
      : readRequestIdentity(supplied.certificateChain, supplied.privateKey)
  const { chain, privateKey } = identity
  checkSigningCertificate({ prefix: tenant.clientIdPrefix, host, chain, privateKey }, now)
  const row = {
    kid: identity.kid,
    public_jwk: describePublicKey(identity),
    certificate_chain: JSON.stringify(chain.map(base64)),
  }
  const place = { tenant: tenant.id, kid: identity.kid }
  const step = insertSigningKey({
    tenantId: tenant.id,
    kid: row.kid,
    purpose: 'request',
    algorithm: 'ES256',
    state: 'active',
    publicJwk: row.public_jwk,
    sealedPrivateKey: sealSigningKey(deps.keyring, place, identity.privatePkcs8),
    certificateChain: row.certificate_chain,
    clientId: clientId ?? '',
    now: toInstant(now),
  })
  return { step, certificate: readRequestCertificate(row, tenant.clientIdPrefix, host, now) }
}

/** What the row of a request key shows. `now` in milliseconds. */
export function readRequestCertificate(
  row: Pick<Selectable<SigningKeyTable>, 'kid' | 'public_jwk' | 'certificate_chain'>,
  prefix: Tenant['clientIdPrefix'],
  host: string,
  now: number,
): RequestCertificate {
  const chain = ders(row.certificate_chain)
  const [leaf] = chain
  const anchor = ders((JSON.parse(row.public_jwk) as { x5c?: unknown }).x5c)[chain.length]
  const ends = chain.flatMap((der) => readCertificate(der)?.notAfter ?? [])
  if (leaf === undefined || ends.length !== chain.length) return fail({ kind: 'sealed_unreadable' })
  const notAfter = Math.min(...ends)
  return {
    kid: row.kid,
    clientId: clientIdOf(prefix, leaf, host),
    chain: chain.map(certificatePem),
    trustAnchor: anchor === undefined ? undefined : certificatePem(anchor),
    notAfter: toInstant(notAfter),
    expiresSoon: now > notAfter - SOON,
  }
}

/**
 * The public JWK with its certificates (`x5c`, RFC 7517 section 4.7). Here, unlike in what wallets are sent, an anchor that
 * was made stands at the end: the row is the only place that remembers it.
 */
function describePublicKey({ publicJwk, chain, anchor }: RequestIdentity): string {
  const all = anchor === undefined ? chain : [...chain, anchor]
  return JSON.stringify({ ...publicJwk, x5c: all.map(base64) })
}

function ders(list: unknown): readonly Uint8Array[] {
  const texts: unknown = typeof list === 'string' ? JSON.parse(list) : list
  if (!Array.isArray(texts)) return []
  return texts.map((text) => Buffer.from(String(text), 'base64'))
}

function base64(der: Uint8Array): string {
  return Buffer.from(der).toString('base64')
}
