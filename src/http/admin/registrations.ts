/**
 * How a tenant and its relying parties are registered with wallets, and what ends when: registration certificates, access
 * certificates of relying parties, `/admin/v1/tenants/{tenant}/expiry-calendar`.
 */
import type { ClientId } from '../../domain/ids.ts'
import { readExpiryCalendar } from '../../flow/read-expiry-calendar.ts'
import { readTrustAnswers } from '../../flow/read-trust-answers.ts'
import { readTrustedLists } from '../../flow/read-trusted-lists.ts'
import {
  dropRequestCertificate,
  replaceRequestCertificate,
} from '../../flow/replace-request-certificate.ts'
import {
  putRegistrationCertificate,
  type RegistrationCertificateEntry,
  readRegistrationCertificates,
  removeRegistrationCertificate,
} from '../../flow/store-registration-certificate.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import {
  EXPIRY,
  REGISTRATION_CERTIFICATE,
  REQUEST_CERTIFICATE,
  TRUST_ANSWER,
  TRUSTED_LIST,
} from './examples.ts'
import { BAD_CERTIFICATE, identityOf, tellCertificate } from './tenants.ts'

const tag = 'Administration: relying parties'
const scope = 'keys:manage'
const ALL = '/tenants/:tenant/registration-certificates'
const OWN = '/tenants/:tenant/relying-parties/:client_id/request-certificate'
const NOT_FOUND = { 404: 'No such tenant, relying party or certificate, or not one of this token.' }

export function registrationRoutes(deps: AdminDeps): Route[] {
  return [
    ...certificateRoutes(deps),
    ...accessRoutes(deps),
    listRoute(deps),
    answerRoute(deps),
    calendarRoute(deps),
  ]
}

function certificateRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'PUT', path: ALL, operationId: 'putRegistrationCertificate', tag, scope },
      summary: 'Store a registration certificate',
      description:
        'It goes to wallets with each request, by value, in the place of an older one of that relying party and format. Logins that ask for more than it registers are refused, and so are query documents.',
      ...{
        body: 'NewRegistrationCertificate',
        sent: { document: REGISTRATION_CERTIFICATE.document },
      },
      ...{ answer: 'RegistrationCertificate', told: REGISTRATION_CERTIFICATE, status: 200 },
      refusals: {
        ...NOT_FOUND,
        422: 'It cannot be read, is past its end, or registers less than wallets are asked for.',
      },
      run: async ({ actor, body, path }) => ({
        value: tell(
          await putRegistrationCertificate(deps, actor, path('tenant'), {
            clientId: body.client_id as ClientId | undefined,
            format: body.format,
            document: body.document,
          }),
        ),
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: ALL, operationId: 'listRegistrationCertificates', tag, scope },
      summary: 'List registration certificates',
      answer: 'RegistrationCertificateList',
      told: { certificates: [REGISTRATION_CERTIFICATE] },
      ...{ status: 200, refusals: NOT_FOUND },
      run: async ({ actor, path }) => ({
        value: {
          certificates: (await readRegistrationCertificates(deps, actor, path('tenant'))).map(tell),
        },
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'DELETE', path: `${ALL}/:id`, operationId: 'removeRegistrationCertificate' },
      ...{ tag, scope, status: 204, refusals: NOT_FOUND },
      summary: 'Remove a registration certificate',
      async run({ actor, path }) {
        await removeRegistrationCertificate(deps, actor, path('tenant'), path('id'))
        return undefined
      },
    }),
  ]
}

function accessRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'PUT', path: OWN, operationId: 'replaceAccessCertificate', tag, scope },
      summary: 'Give a relying party an access certificate of its own',
      description:
        'Wallets are asked in its name from then on; a relying party without one asks in the tenant’s. Logins under way end with the old one.',
      ...{ body: 'RequestIdentityChoice', sent: {} },
      ...{ answer: 'RequestCertificate', told: REQUEST_CERTIFICATE, status: 200 },
      refusals: { ...NOT_FOUND, 409: 'The key has been used here before.', 422: BAD_CERTIFICATE },
      async run({ actor, body, path }) {
        const clientId = path('client_id') as ClientId
        const supplied = identityOf(body)
        const made = await replaceRequestCertificate(
          deps,
          actor,
          path('tenant'),
          supplied,
          clientId,
        )
        return { value: tellCertificate(made) }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'DELETE', path: OWN, operationId: 'dropAccessCertificate', tag, scope },
      summary: 'Let a relying party ask in the tenant’s name again',
      ...{ status: 204, refusals: NOT_FOUND },
      async run({ actor, path }) {
        const clientId = path('client_id') as ClientId
        await dropRequestCertificate(deps, actor, path('tenant'), clientId)
        return undefined
      },
    }),
  ]
}

function listRoute(deps: AdminDeps): Route {
  return adminRoute(deps, {
    ...{ method: 'GET', path: '/tenants/:tenant/trusted-lists', operationId: 'readTrustedLists' },
    ...{ tag: 'Administration: policies', scope: 'policies:manage' },
    summary: 'How new the trusted lists are that the trust policy names',
    description:
      'A job fetches them ahead of any login; `POST /admin/v1/jobs/refresh-trusted-lists/hasten` has it look at once.',
    ...{ answer: 'TrustedListStates', told: { lists: [TRUSTED_LIST] }, status: 200 },
    refusals: { 404: 'No such tenant, or not one of this token.' },
    run: async ({ actor, path }) => ({
      value: {
        lists: (await readTrustedLists(deps, actor, path('tenant'))).map((list) => ({
          ...{ id: list.id, url: list.url, checked_at: list.checkedAt ?? null },
          problem: list.problem ?? null,
          issue:
            list.issue === undefined
              ? null
              : {
                  sequence: list.issue.sequence,
                  next_update: list.issue.nextUpdate,
                  fetched_at: list.issue.fetchedAt,
                  services: [...list.issue.services],
                },
        })),
      },
    }),
  })
}

function answerRoute(deps: AdminDeps): Route {
  return adminRoute(deps, {
    ...{ method: 'GET', path: '/tenants/:tenant/trust-answers', operationId: 'readTrustAnswers' },
    ...{ tag: 'Administration: policies', scope: 'policies:manage' },
    summary: 'How new what others publish about certificates and keys is',
    description:
      'Lists of revoked certificates, answers of responders, keys of issuers, chains of federations: whatever logins rest on. The job `ask-ahead` asks for it ahead of them.',
    ...{ answer: 'TrustAnswerStates', told: { answers: [TRUST_ANSWER] }, status: 200 },
    refusals: { 404: 'No such tenant, or not one of this token.' },
    run: async ({ actor, path }) => ({
      value: {
        answers: (await readTrustAnswers(deps, actor, path('tenant'))).map((one) => ({
          ...{ name: one.name, kind: one.kind, about: one.about, problem: one.problem },
          ...{ fetched_at: one.fetched_at, fresh_until: one.fresh_until },
          ...{ checked_at: one.checked_at, seen_at: one.seen_at },
        })),
      },
    }),
  })
}

function calendarRoute(deps: AdminDeps): Route {
  return adminRoute(deps, {
    ...{ method: 'GET', path: '/tenants/:tenant/expiry-calendar', tag, scope },
    operationId: 'readExpiryCalendar',
    summary: 'What ends when',
    description:
      'Access and registration certificates, trust anchors, trusted lists and signing keys, what ends first first. The metric `bridge_expiring` counts those that are not good over all tenants.',
    ...{ answer: 'ExpiryCalendar', told: { expiries: [EXPIRY] }, status: 200 },
    refusals: { 404: 'No such tenant, or not one of this token.' },
    run: async ({ actor, path }) => ({
      value: {
        expiries: (await readExpiryCalendar(deps, actor, path('tenant'))).map((one) => ({
          ...{ kind: one.kind, name: one.name, client_id: one.clientId ?? null },
          ...{ ends_at: one.endsAt, state: one.state },
        })),
      },
    }),
  })
}

function tell(certificate: RegistrationCertificateEntry) {
  return {
    id: certificate.id,
    client_id: certificate.clientId ?? null,
    format: certificate.format,
    document: certificate.document,
    not_after: certificate.notAfter ?? null,
    created_at: certificate.createdAt,
  }
}
