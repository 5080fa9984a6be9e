/**
 * What a careful wallet looks at before it shows anything: who signed the request, and what is asked (OpenID4VP 1.0
 * sections 5.8 to 5.10). Not a line of it is the bridge's.
 */
import { createHash, X509Certificate } from 'node:crypto'
import { compactVerify } from 'jose'
import { type Request, readRequest } from './wallet-answer.ts'

export interface VerifiedRequest {
  request: Request
  /** The verifier's host, out of the certificate that signed. */
  verifier: string
  /** Names of the claims it asks for. */
  asked: string[]
  /** Whether the answer has to be encrypted. */
  encrypted: boolean
}

/**
 * Checks type, signature, certificate (issued by `trustAnchor`, PEM, and valid now) and that the client id is the hash
 * of that certificate. Throws Error with a sentence where one of them is wrong.
 */
export async function verifyRequest(
  requestObject: string,
  link: string,
  trustAnchor: string,
): Promise<VerifiedRequest> {
  const header = JSON.parse(Buffer.from(requestObject.split('.')[0] ?? '', 'base64url').toString())
  require(header.typ === 'oauth-authz-req+jwt', 'it is no request object')
  const leaf = new X509Certificate(Buffer.from(String(header.x5c?.[0]), 'base64'))
  await compactVerify(requestObject, leaf.publicKey, { algorithms: ['ES256'] })
  const anchor = new X509Certificate(trustAnchor)
  require(leaf.checkIssued(anchor) &&
    leaf.verify(anchor.publicKey), 'nobody vouches for its signer')
  require(leaf.validFromDate <= new Date() &&
    new Date() < leaf.validToDate, 'its certificate is not valid now')
  const request = readRequest(requestObject)
  const hash = createHash('sha256').update(leaf.raw).digest('base64url')
  require(request.client_id === `x509_hash:${hash}`, 'the certificate is not that of the client id')
  require(new URL(link).searchParams.get('client_id') ===
    request.client_id, 'link and request name different verifiers')
  const asked = request.dcql_query.credentials.flatMap(({ claims = [] }) =>
    claims.map(({ path }) => path.join('.')),
  )
  return {
    ...{ request, asked, encrypted: request.response_mode === 'direct_post.jwt' },
    verifier: new URL(request.response_uri).host,
  }
}

function require(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(`This request cannot be trusted: ${sentence}.`)
}
