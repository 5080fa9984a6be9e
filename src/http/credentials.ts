/** Reads a caller's credentials from header or form; judges nothing (RFC 6749 section 2.3, RFC 7521 section 4.2, RFC 6750). */
import type { Context } from 'hono'
import type { Parameters } from '../domain/authorization-request.ts'
import { fail } from '../domain/failure.ts'
import type { ClientCredentials } from '../flow/authenticate-client.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

function refuse(description: string): never {
  return fail({ kind: 'oauth', error: 'invalid_client', description })
}

/** Exactly one method (OP-46). Throws `invalid_client` for none that can be read, `invalid_request` for two. */
export function readClientCredentials(http: Context, form: Parameters): ClientCredentials {
  const header = http.req.header('authorization')
  const assertion = form.get('client_assertion')
  const secret = form.get('client_secret')
  const clientId = form.get('client_id')
  if ([header, assertion, secret].filter((part) => part !== undefined).length > 1)
    fail({
      kind: 'oauth',
      error: 'invalid_request',
      description: 'more than one way of client authentication',
    })
  if (header !== undefined) {
    const basic = readBasic(header)
    if (clientId !== undefined && clientId !== basic.clientId)
      refuse('client_id and the header differ')
    return { method: 'client_secret_basic', ...basic }
  }
  if (assertion !== undefined) {
    if (form.get('client_assertion_type') !== ASSERTION_TYPE)
      refuse('client_assertion_type is not supported')
    return { method: 'private_key_jwt', clientId, assertion }
  }
  if (clientId === undefined) return refuse('client authentication is missing')
  if (secret !== undefined) return { method: 'client_secret_post', clientId, secret }
  return { method: 'none', clientId }
}

/**
 * Id and secret are form-encoded before base64 (RFC 6749 section 2.3.1), which many clients leave out (they know RFC 7617 alone).
 * Both can be read, for no id holds a space and no secret a colon, a space or a percent sign.
 */
function readBasic(header: string): { clientId: string; secret: string } {
  const encoded = /^basic ([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1]
  if (encoded === undefined || encoded.length > 4096)
    return refuse('the authorization header cannot be read')
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.lastIndexOf(':')
  if (colon < 1) return refuse('the authorization header cannot be read')
  return { clientId: decodeForm(text.slice(0, colon)), secret: decodeForm(text.slice(colon + 1)) }
}

/** Without turning `+` into a space: there is none, so a plus is one that was not encoded. */
function decodeForm(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // Not encoded: it is what it says.
    return part
  }
}

/** The token of `Authorization: DPoP` with its proof, or of `Bearer` without; undefined when there is neither. */
export function readAccessToken(
  http: Context,
): { accessToken: string; proof: string | undefined } | undefined {
  const bearer = readBearer(http)
  if (bearer !== undefined) return { accessToken: bearer, proof: undefined }
  const token = /^dpop ([A-Za-z0-9._~+/-]{1,8192}=*)$/i.exec(
    http.req.header('authorization') ?? '',
  )?.[1]
  // Without a proof the empty one stands for it, and is refused as any other that is none.
  return token === undefined
    ? undefined
    : { accessToken: token, proof: http.req.header('dpop') ?? '' }
}

/** The token of `Authorization: Bearer`; undefined when there is none. */
export function readBearer(http: Context): string | undefined {
  const header = http.req.header('authorization')
  return header === undefined
    ? undefined
    : /^bearer ([A-Za-z0-9._~+/-]{1,8192}=*)$/i.exec(header)?.[1]
}
