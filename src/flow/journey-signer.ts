/**
 * Who a journey is to wallets, from its first request to its end: key, certificate and client identifier stay what they were
 * when it began, whatever is renewed or set otherwise meanwhile (VP-042).
 */
import { fail } from '../domain/failure.ts'
import type { WalletLink, WalletSecrets } from '../domain/journey.ts'
import { addressOf } from '../domain/tenant.ts'
import { walletLink } from '../wallet/request-object.ts'
import { asNamed, type RequestSigner } from '../wallet/request-signer.ts'
import type { PreparedTenant } from './tenants.ts'

/** The name a journey goes by; absent: whatever the tenant goes by. */
type Named = Pick<WalletSecrets, 'clientId'>

/** Undefined where the key is gone, or the certificate may not be called so any more. */
export function signerOf(
  prepared: PreparedTenant,
  requestKid: string,
  { clientId }: Named,
): RequestSigner | undefined {
  const signer = prepared.requestSigners.get(requestKid)
  return signer && asNamed(signer, clientId ?? signer.clientId)
}

/** The link of one way in, as a page shows it or a QR code carries it. Throws `journey_not_open` without a signer. */
export function linkFor(
  prepared: PreparedTenant,
  requestKid: string,
  named: Named,
  link: WalletLink,
): string {
  const signer = signerOf(prepared, requestKid, named)
  if (signer === undefined) return fail({ kind: 'journey_not_open' })
  return walletLink(prepared.tenant.walletScheme, {
    clientId: signer.clientId,
    requestUri: addressOf.walletRequest(prepared.issuer, link.requestId),
    method: 'post',
  })
}
