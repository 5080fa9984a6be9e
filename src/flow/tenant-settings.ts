/** What an administrator may set of a tenant: judged, as its row takes it, and recorded. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { lintHaip, settingsAgainstHaip } from '../domain/haip.ts'
import { type PolicyKind, type PolicySet, readPolicy } from '../domain/policy.ts'
import type { Tenant } from '../domain/tenant.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import { findTenantBySlug, raiseRevision, readTenant, updateTenant } from '../store/tenant.ts'

export type TenantSettings = Omit<Tenant, 'id' | 'slug' | 'revision' | 'ended'>

export const DEFAULT_SETTINGS: Omit<TenantSettings, 'name'> = {
  colour: '#1f4e79',
  noticeUrl: undefined,
  enabled: true,
  crossDevice: true,
  digitalCredentials: true,
  haip: false,
  directLogin: false,
  pushedRequestsOnly: false,
  consent: false,
  singleSignOnMinutes: 0,
  trustFourEyes: false,
  lastUsed: 'exact',
  clientIdPrefix: 'x509_hash',
  responseMode: 'direct_post.jwt',
  walletScheme: 'openid4vp://',
}

/** Schemes that run or read something in a browser: a link to them must never stand on a page. */
const NEVER_A_WALLET = new Set([
  ...['javascript', 'data', 'vbscript', 'file', 'blob', 'about', 'http', 'https', 'ws', 'wss'],
  ...['ftp', 'filesystem', 'view-source'],
])

/**
 * Whether wallets may be opened with it: a scheme of their own (`openid4vp://`), a claimed https link, or one to the
 * person's own machine, as pages permit it too (the demo's wallet is a page on localhost).
 */
function opensWallet(text: string): boolean {
  if (text.length > 512 || /[\s"'<>\\#]/.test(text)) return false
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/$/.exec(text)?.[1]
  if (scheme !== undefined) return !NEVER_A_WALLET.has(scheme)
  return isWebPage(text) || isOnThisMachine(text)
}

function isOnThisMachine(text: string): boolean {
  const url = URL.parse(text)
  return (
    url?.protocol === 'http:' &&
    ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname) &&
    url.username === '' &&
    url.password === ''
  )
}

function isWebPage(text: string): boolean {
  const url = URL.parse(text)
  return (
    text.length <= 2048 && url?.protocol === 'https:' && url.username === '' && url.password === ''
  )
}

/** Throws `invalid_request` naming the member that is wrong. */
export function judgeSettings(settings: TenantSettings): void {
  if (!/^#[0-9a-f]{6}$/.test(settings.colour)) refuse('colour: not #rrggbb')
  if (!opensWallet(settings.walletScheme)) {
    refuse(
      'wallet_scheme: neither a scheme of its own ending in :// nor an https URL (http on loopback)',
    )
  }
  if (settings.noticeUrl !== undefined && !isWebPage(settings.noticeUrl)) {
    refuse('notice_url: not an https URL')
  }
  const [againstHaip] = settingsAgainstHaip(settings)
  if (againstHaip !== undefined) refuse(againstHaip)
}

/** With the high assurance profile comes no QR code, unless it is asked for by name (HAIP 1.0 section 5.1). */
export function withHaipDefaults<Change extends Partial<TenantSettings>>(change: Change): Change {
  return change.haip === true && change.crossDevice === undefined
    ? { ...change, crossDevice: false }
    : change
}

/** The settings as the statements take them. */
export function settingsRow(settings: TenantSettings, now: IsoInstant) {
  return {
    nameEn: settings.name.en,
    nameNl: settings.name.nl,
    colour: settings.colour,
    noticeUrl: settings.noticeUrl ?? null,
    enabled: settings.enabled ? 1 : 0,
    crossDevice: settings.crossDevice ? 1 : 0,
    digitalCredentials: settings.digitalCredentials ? 1 : 0,
    haip: settings.haip ? 1 : 0,
    directLogin: settings.directLogin ? 1 : 0,
    pushedRequestsOnly: settings.pushedRequestsOnly ? 1 : 0,
    consent: settings.consent ? 1 : 0,
    singleSignOnMinutes: settings.singleSignOnMinutes,
    trustFourEyes: settings.trustFourEyes ? 1 : 0,
    lastUsed: settings.lastUsed,
    clientIdPrefix: settings.clientIdPrefix,
    responseMode: settings.responseMode,
    walletScheme: settings.walletScheme,
    now,
  } as const
}

/** Sets what `change` names, with its audit event; returns the tenant as it is then. Throws `not_found`, `invalid_request`. */
export async function changeSettings(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  { id, slug }: Tenant,
  change: Partial<TenantSettings>,
): Promise<Tenant> {
  const now = toInstant(deps.clock())
  return await inTransaction(deps.db, id, async (tx) => {
    // Raising the revision locks the row: of two changes at once the second one sees the first.
    const [, [row], policies] = await tx.runAll([
      raiseRevision({ id, now }),
      findTenantBySlug({ slug }),
      findCurrentPolicies({ tenantId: id }),
    ])
    if (row === undefined) return fail({ kind: 'not_found' })
    const before = readTenant(row)
    const after = { ...before, ...(before.haip ? change : withHaipDefaults(change)) }
    judgeSettings(after)
    if (after.haip && !before.haip) judgePolicies(policies)
    await tx.runLast([
      updateTenant({ id, ...settingsRow(after, now) }),
      insertAuditEvent(id, newId(), now, {
        detail: {
          ...{ type: 'tenant_updated', actor: actor.id },
          ...(after.trustFourEyes === before.trustFourEyes
            ? {}
            : { trust_four_eyes: after.trustFourEyes }),
        },
      }),
    ])
    return after
  })
}

/** Documents that are published already must fit the profile before it is switched on. */
function judgePolicies(rows: readonly { kind: PolicyKind; document: string }[]): void {
  const documents = rows.map(({ kind, document }) => [kind, readPolicy(kind, JSON.parse(document))])
  const [found] = lintHaip(Object.fromEntries(documents) as PolicySet)
  if (found !== undefined) refuse(`haip: ${found.kind} ${found.path}: ${found.message}`)
}

function refuse(detail: string): never {
  return fail({ kind: 'invalid_request', detail })
}
