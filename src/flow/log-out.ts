/** A relying party asks to log the person out (OpenID Connect RP-Initiated Logout 1.0). */
import { type IdTokenHint, sessionIdFor } from '../crypto/id-token.ts'
import { hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { Parameters } from '../domain/authorization-request.ts'
import type { ClientId } from '../domain/ids.ts'
import { judgeLogout } from '../domain/logout.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import { read } from '../store/database.ts'
import { findSessionLogins, type SessionLoginRow } from '../store/logout.ts'
import { readHint } from './read-hint.ts'
import { recordLogout } from './record-logout.ts'
import type { PreparedTenant } from './tenants.ts'

export interface LogoutBrowser {
  id: string | undefined
  /** The person pressed the button on our own page. */
  confirmed: boolean
  /** The browser did not say who it is, and could not be asked again: the page will know more. */
  unsure: boolean
}

export type LogoutAnswer =
  /** Whether it is meant is for the person to say; `asking` is who wants it, where that is known. */
  | { kind: 'ask'; asking: string | undefined }
  /** It is over, or there was nothing; on to `returnTo`, or else the page says so. */
  | { kind: 'over'; ended: boolean; returnTo: string | undefined }

/**
 * Ends the browser's session here: at once where the hint names a login of this very session, else once the person agrees
 * (section 2). Throws `logout_refused`, and ends nothing then.
 */
export async function logOut(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  parameters: Parameters,
  browser: LogoutBrowser,
): Promise<LogoutAnswer> {
  const token = parameters.get('id_token_hint')
  const hint = token === undefined ? undefined : await readHint(means, prepared, token)
  const relyingParty = await findAsking(prepared, hint?.clientId ?? parameters.get('client_id'))
  const given = token === undefined ? undefined : (hint ?? 'refused')
  const { returnTo } = judgeLogout(parameters, given, relyingParty)
  if (browser.unsure) return { kind: 'ask', asking: relyingParty?.name }
  const { id } = browser
  const tenantId = prepared.tenant.id
  const [logins] =
    id === undefined
      ? [[]]
      : await read(means.db, tenantId, [
          findSessionLogins({ tenantId, browserHash: hashSecret(id) }),
        ])
  if (id === undefined || logins.length === 0) return { kind: 'over', ended: false, returnTo }
  if (!browser.confirmed && !logins.some((login) => isMeant(login, hint)))
    return { kind: 'ask', asking: relyingParty?.name }
  await recordLogout(means, prepared, id, relyingParty?.clientId)
  return { kind: 'over', ended: true, returnTo }
}

async function findAsking(
  prepared: PreparedTenant,
  clientId: string | undefined,
): Promise<RelyingParty | undefined> {
  if (clientId === undefined || clientId.length > 255) return undefined
  return await prepared.relyingParty(clientId as ClientId)
}

/** The hint is of a login in the session that the browser has now. */
function isMeant(login: SessionLoginRow, hint: IdTokenHint | undefined): boolean {
  return (
    hint !== undefined &&
    login.current &&
    login.client_id === hint.clientId &&
    login.subject === hint.subject &&
    sessionIdFor(login.client_id, login.sid) === hint.sid
  )
}
