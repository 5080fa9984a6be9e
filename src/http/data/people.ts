/** People: found by an identifier, read by their id, told to an authorization server. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { fail } from '../../domain/failure.ts'
import type { IdentityId } from '../../domain/ids.ts'
import type { MachineClient } from '../../domain/machine.ts'
import type { JsonObject } from '../../domain/text.ts'
import type { PersonView } from '../../flow/data-person.ts'
import { noteLookupLimit } from '../../flow/deny-access.ts'
import { enrichToken } from '../../flow/enrich-token.ts'
import { lookUpPerson } from '../../flow/look-up-person.ts'
import { readPerson, readPersonClaims } from '../../flow/read-person.ts'
import type { PreparedTenant } from '../../flow/tenants.ts'
import type { Route } from '../route.ts'
import { type DataDeps, dataRoute, tellValue } from './data-route.ts'
import { identifierOf } from './told-identifier.ts'

const scope = 'reconciliation:read'
const ID = '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69'
const SUBJECT = '5FQJ2v7p1mYkq0cT8bXz3rNwUeHa9dLs4oGi6KfVjBE'
const CLAIMS = { given_name: 'Noor', family_name: 'de Vries' }
const PERSON = {
  identity_id: ID,
  claims: CLAIMS,
  auxiliary: { enrolment: { programme: 'Law', year: 2 } },
  assurance: { acr: ['urn:example:loa2'], amr: ['pwd'], auth_time: 1_770_000_000 },
  last_verified_at: '2026-02-02T02:40:00.000Z',
}

export function personRoutes(deps: DataDeps): Route[] {
  const limit = createLookupLimit(deps)
  return [
    dataRoute(deps, {
      ...{ method: 'POST', path: '/lookup', operationId: 'lookUpPerson', scope },
      summary: 'Find a person by an identifier',
      description:
        "Under every key version that is still readable, and exactly as a login of that person would be recognised: what the tenant's material policy reads from a wallet, or an account at a provider. Nobody, somebody who may not be shown, an identifier of two people and one that no login could give are answered alike. Each client has a limit of its own; every lookup stands in the audit trail, and so does who reaches the limit.",
      body: 'Lookup',
      sent: { identifier_type: 'SUBJECT_ID', provider: 'surf', identifier: 'noor@example' },
      answers: { 200: ['LookupAnswer', { found: true, strength: 'identifies', person: PERSON }] },
      async run({ prepared, client, body }) {
        await limit(prepared, client)
        const found = await lookUpPerson(deps, prepared, client, identifierOf(body))
        if (found === undefined) return tellValue({ found: false, strength: null, person: null })
        const { strength, person } = found
        return tellValue({ found: true, strength, person: tellPerson(person) })
      },
    }),
    dataRoute(deps, {
      ...{ method: 'GET', path: '/identities/:identity', operationId: 'readPerson', scope },
      summary: 'Read a person',
      answers: { 200: ['DataPerson', PERSON] },
      run: async ({ prepared, client, path }) =>
        tellValue(tellPerson(await readPerson(deps, prepared, client, idOf(path)))),
    }),
    dataRoute(deps, {
      ...{ method: 'GET', path: '/identities/:identity/claims', scope },
      operationId: 'readPersonClaims',
      summary: "Read a person's claims",
      answers: { 200: ['PersonClaims', { claims: CLAIMS }] },
      run: async ({ prepared, client, path }) =>
        tellValue({ claims: await readPersonClaims(deps, prepared, client, idOf(path)) }),
    }),
    dataRoute(deps, {
      ...{ method: 'POST', path: '/enrichment', operationId: 'enrichToken', scope },
      summary: 'What to add to a token',
      description:
        'For an external authorization server. What comes back is decided by the registration of the caller alone, and can never take the place of a claim that tokens are made of.',
      body: 'EnrichmentRequest',
      sent: { subject: SUBJECT },
      answers: { 200: ['Enrichment', { claims: { ...CLAIMS, ...PERSON.auxiliary } }] },
      async run({ prepared, client, body }) {
        const person =
          'subject' in body
            ? { subject: body.subject }
            : { identityId: body.identity_id as IdentityId }
        return tellValue({ claims: await enrichToken(deps, prepared, client, person) })
      },
    }),
  ]
}

function idOf(path: (name: string) => string): IdentityId {
  return path('identity') as IdentityId
}

function tellPerson(view: PersonView): JsonObject {
  const { assurance } = view
  return {
    identity_id: view.identityId,
    claims: view.claims,
    auxiliary: Object.fromEntries(view.auxiliary.map(({ category, fields }) => [category, fields])),
    assurance:
      assurance === undefined
        ? null
        : { acr: assurance.acr, amr: assurance.amr, auth_time: assurance.authTime ?? null },
    last_verified_at: view.lastVerifiedAt ?? null,
  }
}

/**
 * Whoever may look people up can try names out, from however many addresses: the limit is the client's. The first refusal of
 * a minute stands in the trail, the others cost nothing.
 */
function createLookupLimit(deps: DataDeps) {
  const points = Math.ceil(deps.config.rateLimitPerMinute / 4)
  const limiter = new RateLimiterMemory({ points, duration: 60 })
  return async (prepared: PreparedTenant, client: MachineClient): Promise<void> => {
    try {
      await limiter.consume(`${prepared.tenant.id} ${client.clientId}`)
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      if (refusal.consumedPoints === points + 1) await noteLookupLimit(deps, prepared, client)
      fail({ kind: 'rate_limited', retryAfterSeconds: Math.ceil(refusal.msBeforeNext / 1000) })
    }
  }
}
