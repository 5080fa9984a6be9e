/** A tenant as flows see it, and where everything of a tenant lives: below its issuer. */
import type { TenantId } from './ids.ts'
import type { LastUse } from './last-use.ts'

export interface Tenant {
  id: TenantId
  slug: string
  name: { en: string; nl: string }
  colour: string
  noticeUrl: string | undefined
  enabled: boolean
  /** Whether the page shows a QR code for a wallet on another device. */
  crossDevice: boolean
  /** Whether the page asks for credentials through the browser, where the browser can (Digital Credentials API). */
  digitalCredentials: boolean
  /** Whether wallets are dealt with by the High Assurance Interoperability Profile alone (`domain/haip.ts`). */
  haip: boolean
  /** Whether a person may log in at one of the tenant's providers, without a wallet. */
  directLogin: boolean
  /** Every client pushes its authorization requests (RFC 9126 section 5). */
  pushedRequestsOnly: boolean
  /** Whether a person is asked before a relying party first learns about them; each may have its own word. */
  consent: boolean
  /** How long a login is good for other relying parties too; 0: every login asks the person. */
  singleSignOnMinutes: number
  /** Whether a new trust policy is published by another administrator than the one who wrote it (TR-03). */
  trustFourEyes: boolean
  /** How exactly it is kept when an identifier or a link was last used. */
  lastUsed: LastUse
  clientIdPrefix: 'x509_hash' | 'x509_san_dns'
  responseMode: 'direct_post' | 'direct_post.jwt'
  /** What the same-device link begins with: `openid4vp://` or a claimed https link. */
  walletScheme: string
  revision: number
  /** Off-boarded: its trail may be read, and nothing else is left. */
  ended: boolean
}

/** The tenant's issuer: `{PUBLIC_URL}/t/{slug}`, no trailing slash. `publicUrl` has none either. */
export function issuerOf(publicUrl: string, slug: string): string {
  return `${publicUrl}/t/${slug}`
}

/** Absolute addresses below an issuer that are handed to others. */
export const addressOf = {
  walletRequest: (issuer: string, requestId: string) => `${issuer}/wallet/request/${requestId}`,
  walletResponse: (issuer: string) => `${issuer}/wallet/response`,
  walletReturn: (issuer: string, responseCode: string) =>
    `${issuer}/return?response_code=${responseCode}`,
  privacy: (issuer: string) => `${issuer}/privacy`,
  ownData: (issuer: string, journeyId: string) => `${issuer}/privacy/${journeyId}`,
  page: (issuer: string, journeyId: string) => `${issuer}/login/${journeyId}`,
  status: (issuer: string, journeyId: string) => `${issuer}/login/${journeyId}/status`,
  qr: (issuer: string, journeyId: string) => `${issuer}/login/${journeyId}/qr.svg`,
  digitalRequest: (issuer: string, journeyId: string) =>
    `${issuer}/login/${journeyId}/credential-request`,
  digitalResponse: (issuer: string, journeyId: string) => `${issuer}/login/${journeyId}/credential`,
  cancel: (issuer: string, journeyId: string) => `${issuer}/login/${journeyId}/cancel`,
  direct: (issuer: string, journeyId: string) => `${issuer}/login/${journeyId}/direct`,
  accounts: (issuer: string, journeyId: string) => `${issuer}/login/${journeyId}/account`,
  confirm: (issuer: string, journeyId: string) => `${issuer}/login/${journeyId}/confirm`,
  consent: (issuer: string, journeyId: string) => `${issuer}/login/${journeyId}/consent`,
  continue: (issuer: string, journeyId: string) => `${issuer}/login/${journeyId}/continue`,
  providerTest: (issuer: string, start: string) => `${issuer}/provider-test/${start}`,
  providerTestResult: (issuer: string, id: string) => `${issuer}/provider-test/${id}/result`,
  callback: (issuer: string, providerId: string) => `${issuer}/callback/${providerId}`,
} as const
