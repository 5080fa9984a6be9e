/** A person takes back a yes themself: with the wallet as proof, or in a browser that is logged in here. */
import { hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId, IdentityId, JourneyId } from '../domain/ids.ts'
import { SIGN_ON_IDLE_TIME } from '../domain/journey.ts'
import { MINUTE, toInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { findFamily } from '../store/identity.ts'
import { findSignOn } from '../store/single-sign-on.ts'
import { type ConsentView, viewConsents } from './consent-view.ts'
import type { BrowserCookies } from './find-session.ts'
import { takeOwnJourney } from './own-journey-view.ts'
import type { PreparedTenant } from './tenants.ts'
import { withdrawConsent } from './withdraw-consent.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

/** On the page of their own data. Throws `not_found` as {@link takeOwnJourney} does. */
export async function withdrawOwn(
  means: Means,
  prepared: PreparedTenant,
  asked: { id: JourneyId; browserId: string | undefined; clientId: ClientId },
): Promise<void> {
  const { id, browserId, clientId } = asked
  const { identityId } = await takeOwnJourney(means, prepared, id, browserId)
  await withdrawConsent(means, prepared.tenant.id, { identityId, clientId, actor: 'person' })
}

/** What the person of this browser's session agreed to; undefined where there is no session. */
export async function readSessionConsents(
  means: Pick<Deps, 'db' | 'clock'>,
  prepared: PreparedTenant,
  cookies: BrowserCookies,
): Promise<ConsentView[] | undefined> {
  const identityId = await findPerson(means, prepared, cookies)
  if (identityId === undefined) return undefined
  const tenantId = prepared.tenant.id
  const [family] = await read(means.db, tenantId, [findFamily({ tenantId, id: identityId })])
  return await viewConsents(
    means,
    tenantId,
    family.map(({ id }) => id),
  )
}

/** The same, and takes one back. Throws `not_found` where there is no session. */
export async function withdrawInSession(
  means: Means,
  prepared: PreparedTenant,
  cookies: BrowserCookies,
  clientId: ClientId,
): Promise<void> {
  const identityId = await findPerson(means, prepared, cookies)
  if (identityId === undefined) return fail({ kind: 'not_found' })
  await withdrawConsent(means, prepared.tenant.id, { identityId, clientId, actor: 'person' })
}

async function findPerson(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  { tenant }: PreparedTenant,
  { browserId, session }: BrowserCookies,
): Promise<IdentityId | undefined> {
  if (tenant.singleSignOnMinutes === 0 || browserId === undefined || session === undefined)
    return undefined
  const now = clock()
  const [[row]] = await read(db, tenant.id, [
    findSignOn({
      ...{ tenantId: tenant.id, now: toInstant(now) },
      ...{ sessionHash: hashSecret(session), browserHash: hashSecret(browserId) },
      startedAfter: toInstant(now - tenant.singleSignOnMinutes * MINUTE),
      usedAfter: toInstant(now - SIGN_ON_IDLE_TIME),
    }),
  ])
  return row?.identity_id
}
