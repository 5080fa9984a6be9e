/** A form that a client sends with proof of who it is: at the token endpoint and its neighbours. */
import type { Deps } from '../deps.ts'
import type { Parameters } from '../domain/authorization-request.ts'
import { fail } from '../domain/failure.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import type { JsonObject } from '../domain/text.ts'
import { authenticateClient } from '../flow/authenticate-client.ts'
import { checkTokenProof, nextNonce } from '../flow/check-proof.ts'
import { readClientCredentials } from './credentials.ts'
import { text } from './describe.ts'
import { queryOf, readForm } from './parse.ts'
import { type Exchange, tenantOf } from './route.ts'

const MAX_FORM = 32 * 1024

/**
 * Form and client. Throws `invalid_request` for parameters in the URL or sent twice (OP-50), `invalid_client`,
 * `payload_too_large`, `unsupported_media_type`.
 */
export async function readClientForm(
  deps: Pick<Deps, 'db' | 'clock' | 'metrics'>,
  exchange: Exchange,
): Promise<{ form: Parameters; relyingParty: RelyingParty }> {
  if (queryOf(exchange.http).size > 0) refuse('parameters belong into the body')
  const form = await readForm(exchange.http, MAX_FORM)
  if (form.repeated.length > 0) refuse('a parameter occurs twice')
  const credentials = readClientCredentials(exchange.http, form)
  const relyingParty = await authenticateClient(deps, tenantOf(exchange), credentials)
  return { form, relyingParty }
}

/**
 * Thumbprint of the key that a client shows beside its form; undefined for none. Throws `use_dpop_nonce`,
 * `invalid_dpop_proof` (RFC 9449 sections 5 and 10.1).
 */
export async function readKeyProof(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  exchange: Exchange,
  endpoint: '/token' | '/par',
): Promise<string | undefined> {
  const proof = exchange.http.req.header('dpop')
  if (proof === undefined) return undefined
  const prepared = tenantOf(exchange)
  const url = prepared.issuer + endpoint
  return await checkTokenProof(deps, prepared, { proof, method: 'POST', url })
}

/** The nonce for the client's next proof, beside the answer to one. */
export function nextNonceHeader(
  deps: Pick<Deps, 'keyring' | 'clock'>,
  exchange: Exchange,
  jkt: string | undefined,
): Record<string, string> {
  return jkt === undefined ? {} : { 'dpop-nonce': nextNonce(deps, tenantOf(exchange)) }
}

/** The ways in, as OpenAPI describes them; `public` for endpoints that clients without a secret use as well. */
export function clientSecurity(
  options: { public: boolean } = { public: true },
): Record<string, readonly string[]>[] {
  const proving = [{ clientSecretBasic: [] }, { clientSecretPost: [] }, { clientAssertion: [] }]
  return options.public ? [...proving, {}] : proving
}

/** The members of a form that prove the client. */
export const CLIENT_MEMBERS: { readonly [name: string]: JsonObject } = {
  'client_id?': text('For public clients and client_secret_post.'),
  'client_secret?': text('For client_secret_post.'),
  'client_assertion_type?': text('For private_key_jwt.'),
  'client_assertion?': text(
    "For private_key_jwt; its audience is the tenant's issuer, for clients of the profile `classic` also this endpoint.",
  ),
}

function refuse(description: string): never {
  return fail({ kind: 'oauth', error: 'invalid_request', description })
}
