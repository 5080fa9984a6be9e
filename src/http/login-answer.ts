/** The login page as an HTTP answer; shown at /authorize and again at its own address. */
import type { Deps } from '../deps.ts'
import { type AttributePolicy, requestedLabels } from '../domain/attributes.ts'
import { NOTHING_DECLARED, rulesFor } from '../domain/declared.ts'
import type { ClientId, JourneyId } from '../domain/ids.ts'
import { addressOf } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { directProviders } from '../flow/begin-authorization.ts'
import type { OpenPage } from '../flow/show-journey.ts'
import type { PreparedTenant } from '../flow/tenants.ts'
import { answerPage } from './browser-answer.ts'
import { renderLoginPage } from './pages/login-page.ts'
import { newNonce, pageTenant } from './serve.ts'

export interface OpenLogin extends Omit<OpenPage, 'correlationId'> {
  /** The relying party's request again, where it can be repeated by a link. */
  tryAgainUrl?: string | undefined
}

export async function answerLoginPage(
  deps: Pick<Deps, 'clock'>,
  prepared: PreparedTenant,
  journeyId: JourneyId,
  login: OpenLogin,
  headers: Record<string, string> = {},
): Promise<Response> {
  const { language, state, codeExpiresAt } = login
  const nonce = newNonce()
  // Paths on this origin: the page never leaves it by itself.
  const below = new URL(prepared.issuer).pathname
  const asked = await rulesAsked(prepared, login.clientId)
  const html = renderLoginPage({
    language,
    nonce,
    tenant: pageTenant(prepared, language),
    relyingPartyName: login.relyingPartyName,
    host: new URL(prepared.issuer).host,
    purpose: login.purpose?.[language],
    requested: requestedLabels(asked, language),
    walletLink: login.link,
    digital: prepared.tenant.digitalCredentials
      ? {
          requestUrl: addressOf.digitalRequest(below, journeyId),
          responseUrl: addressOf.digitalResponse(below, journeyId),
        }
      : undefined,
    qrUrl: codeExpiresAt === undefined ? undefined : addressOf.qr(below, journeyId),
    qrExpiresAt: codeExpiresAt === undefined ? undefined : toInstant(codeExpiresAt),
    tryAgainUrl: login.tryAgainUrl,
    statusUrl: addressOf.status(below, journeyId),
    refreshUrl: addressOf.page(below, journeyId),
    cancelUrl: addressOf.cancel(below, journeyId),
    directUrl: addressOf.direct(below, journeyId),
    state,
    now: deps.clock(),
    expiresAt: toInstant(login.expiresAt),
    alternatives: directProviders(prepared).map(({ slug, name }) => ({ slug, name })),
  })
  return answerPage(html, nonce, { headers, popup: true })
}

/** What this relying party's logins ask of a wallet, no more. */
async function rulesAsked(prepared: PreparedTenant, clientId: ClientId): Promise<AttributePolicy> {
  const documents = prepared.policies?.documents
  if (documents === undefined) return { rules: [] }
  const declared = (await prepared.relyingParty(clientId)) ?? NOTHING_DECLARED
  return rulesFor(documents.attributes, declared, documents.selector)
}
