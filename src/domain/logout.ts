/** A relying party's request to log a person out (OpenID Connect RP-Initiated Logout 1.0, protocols OP-82). */

import type { Parameters } from './authorization-request.ts'
import { fail } from './failure.ts'
import type { RelyingParty } from './relying-party.ts'
import { withParameters } from './return-address.ts'

/** The parameters that are read; `logout_hint` and anything else is passed over. */
export const LOGOUT_PARAMETERS = [
  ...['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state', 'ui_locales'],
] as const

const MAX_STATE = 4096

/**
 * Where the browser goes afterwards, if anywhere: only to an address that is registered, character by character, for the
 * client that the hint or `client_id` names (sections 2 and 3). Throws `logout_refused` for everything that contradicts itself
 * or the registration; then nothing is ended.
 */
export function judgeLogout(
  parameters: Parameters,
  hint: { clientId: string } | 'refused' | undefined,
  relyingParty: RelyingParty | undefined,
): { returnTo: string | undefined } {
  if (LOGOUT_PARAMETERS.some((name) => parameters.repeated.includes(name)))
    refuse('A parameter occurs twice.')
  if (hint === 'refused') refuse('The id_token_hint is not an ID token of ours.')
  const clientId = parameters.get('client_id')
  if (hint !== undefined && clientId !== undefined && clientId !== hint.clientId)
    refuse('The id_token_hint belongs to another application.')
  const named = hint?.clientId ?? clientId
  if (named !== undefined && relyingParty?.enabled !== true)
    refuse('This application is not registered here.')
  const uri = parameters.get('post_logout_redirect_uri')
  // Without a client to ask about it, nobody is sent anywhere.
  if (uri === undefined || relyingParty === undefined) return { returnTo: undefined }
  if (!relyingParty.postLogoutRedirectUris.includes(uri))
    refuse('The return address is not registered for this application.')
  const state = parameters.get('state')
  if ((state?.length ?? 0) > MAX_STATE) refuse('The state is too long.')
  return { returnTo: withParameters(uri, { state }) }
}

function refuse(description: string): never {
  return fail({ kind: 'logout_refused', description })
}
