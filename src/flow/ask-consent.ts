/** The gate before a grant: what the relying party would learn, whether the person agreed to it before, and else the asking. */
import type { Deps } from '../deps.ts'
import { allNamed } from '../domain/claims-request.ts'
import { asksConsent, type ConsentTerms, coversTerms } from '../domain/consent.ts'
import { releasedNames } from '../domain/declared.ts'
import { fail } from '../domain/failure.ts'
import type { BindingId, ClientId, IdentityId } from '../domain/ids.ts'
import {
  CHOICE_TIME,
  type Choosing,
  type Decided,
  type Presented,
  type Recognised,
  type SealedRequest,
} from '../domain/journey.ts'
import { toInstant } from '../domain/time.ts'
import { findConsent, readTerms } from '../store/consent.ts'
import { askConsent as toConsenting } from '../store/consenting.ts'
import { read, transact } from '../store/database.ts'
import { type Next, refuseLogin } from './login-end.ts'
import type { PreparedTenant } from './tenants.ts'

/** A login as far as consent looks at it. */
export interface ConsentedLogin {
  clientId: ClientId
  /** Version of the attribute policy it is made with. */
  attributes: number
  request: Pick<SealedRequest, 'scope' | 'claims'>
}

/** What the relying party would learn by this login, and why. Throws `journey_not_open` where it is gone or disabled. */
export async function termsOf(
  prepared: PreparedTenant,
  { clientId, attributes, request }: ConsentedLogin,
): Promise<ConsentTerms> {
  const relyingParty = await prepared.relyingParty(clientId)
  if (relyingParty === undefined || !relyingParty.enabled) return fail({ kind: 'journey_not_open' })
  const policy = await prepared.policy('attributes', attributes)
  const named = allNamed(request.claims)
  const claims = releasedNames(policy, relyingParty, new Set(request.scope), named)
  return { scopes: request.scope, claims, purpose: relyingParty.purpose }
}

/** The same where people are asked at this relying party; undefined where they are not. */
export async function termsToAsk(
  prepared: PreparedTenant,
  login: ConsentedLogin,
): Promise<ConsentTerms | undefined> {
  const relyingParty = await prepared.relyingParty(login.clientId)
  if (relyingParty === undefined || !asksConsent(prepared.tenant, relyingParty)) return undefined
  return await termsOf(prepared, login)
}

/** Whether this person agreed to all of it before, and the relying party does not want them asked again. */
export async function isAgreed(
  { db }: Pick<Deps, 'db'>,
  { tenant }: PreparedTenant,
  login: { clientId: ClientId; identityId: IdentityId; request: Pick<SealedRequest, 'askConsent'> },
  terms: ConsentTerms,
): Promise<boolean> {
  if (login.request.askConsent) return false
  const { identityId, clientId } = login
  const [[row]] = await read(db, tenant.id, [
    findConsent({ tenantId: tenant.id, identityId, clientId }),
  ])
  return row !== undefined && coversTerms(readTerms(row), terms)
}

/** The journey waits for the person's word, five minutes; the end where it has moved on meanwhile. */
export async function askConsent(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  journey: Presented | Choosing | Recognised,
  decided: Decided,
  person: { identityId: IdentityId; bindingId: BindingId } | undefined,
): Promise<Next> {
  const now = means.clock()
  const [[moved]] = await transact(means.db, prepared.tenant.id, [
    toConsenting({
      ...{ tenantId: prepared.tenant.id, id: journey.id, from: journey.state },
      identityId: person?.identityId ?? null,
      bindingId: person?.bindingId ?? null,
      decision: JSON.stringify(decided),
      now: toInstant(now),
      expiresAt: toInstant(now + CHOICE_TIME),
    }),
  ])
  return moved?.changed === 1
    ? { kind: 'consent', journey }
    : await refuseLogin(means, prepared, journey, 'identity_unavailable', decided)
}
