/**
 * One presented mdoc (ISO/IEC 18013-5 sections 9.1.2.4 and 9.1.3, in the presentation of OpenID4VP 1.0 section B.2).
 * Here it becomes believed.
 */
import { thumbprint } from '../crypto/thumbprint.ts'
import { fail } from '../domain/failure.ts'
import type { Channel } from './channel.ts'
import { readCoseKey, verifyCoseSign1 } from './cose.ts'
import {
  authoritiesOf,
  certificationOf,
  type Expectations,
  type JudgedCredential,
  standingsOf,
} from './credential.ts'
import { verifyDevice } from './device-authentication.ts'
import { readDeviceResponse } from './device-response.ts'
import { findDocumentSigner } from './document-signer.ts'
import {
  checkDeviceElements,
  checkMdocValidity,
  readMobileSecurityObject,
  revealElements,
} from './mobile-security-object.ts'
import { readMdocStatusReference } from './status-list.ts'
import type { TrustMeans } from './trust.ts'

export interface MdocExpectations extends Expectations {
  /** The way of the question: the device vouches for it and the nonce. */
  channel: Channel
  docType: string
}

/**
 * Returns the credential that a DeviceResponse in base64url proves, with every element that was sent. Throws
 * `presentation_refused` with the first thing that is wrong (protocols 3.4). A nonce, audience, address or response key
 * that is not ours shows as `key_binding_invalid`, since the device signs their hash.
 */
export async function verifyMdoc(
  text: string,
  expected: MdocExpectations,
  means: Pick<TrustMeans, 'chains'>,
): Promise<JudgedCredential> {
  const document = readDeviceResponse(text)
  if (document.docType !== expected.docType) refuse('unexpected_credential')
  const issuer = findDocumentSigner(document, expected.trust, expected.now, means)
  const { issuerAuth } = document
  const payload = issuerAuth.payload ?? refuse('malformed_presentation')
  verifyCoseSign1(issuerAuth, payload, issuer.key, 'issuer_signature_invalid')
  const mso = readMobileSecurityObject(issuerAuth)
  // The outer type is what the device says; this one the issuer signed (MD-02).
  if (mso.docType !== document.docType) refuse('unexpected_credential')
  checkMdocValidity(mso, issuer, expected.now)
  const claims = revealElements(document.nameSpaces, mso)
  const holder = readCoseKey(mso.deviceKey)
  verifyDevice(document, holder, expected, issuer.entry)
  checkDeviceElements(document.deviceNameSpaces, mso)
  return {
    queryId: expected.queryId,
    format: 'mso_mdoc',
    type: mso.docType,
    trustEntry: issuer.entry.id,
    issuer: issuer.issuer,
    claims,
    publicJwk: holder.jwk,
    holderThumbprint: thumbprint(holder.jwk),
    types: [mso.docType],
    standings: standingsOf(mso.status, issuer, (status) => [readMdocStatusReference(status)]),
    certification: certificationOf(issuer),
    ...authoritiesOf(issuer),
  }
}

function refuse(reason: 'unexpected_credential' | 'malformed_presentation'): never {
  return fail({ kind: 'presentation_refused', reason })
}
