/** A person on the compliance page: what is held as counts, links that end and come back, restriction, export, erasure. */
import type { Deps } from '../deps.ts'
import { ERASURE_GROUNDS, type ErasureGround } from '../domain/erasure.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import type { ClientId, IdentityId, MatchId } from '../domain/ids.ts'
import { UNLINK_REASONS, type UnlinkReason } from '../domain/unlink.ts'
import { withdrawFor } from '../flow/change-consents.ts'
import { eraseIdentity } from '../flow/erase-identity.ts'
import { exportIdentity } from '../flow/export-identity.ts'
import { readHeld } from '../flow/read-held.ts'
import { restoreLink } from '../flow/restore-link.ts'
import { restrictIdentity } from '../flow/restrict-identity.ts'
import { unlink } from '../flow/unlink.ts'
import { EXPORT as PERSON_EXPORT } from './admin/examples.ts'
import { answerPage, redirectTo } from './browser-answer.ts'
import { COMPLIANCE, forStaff, forStaffForm, type Signed, STAFF } from './compliance-session.ts'
import {
  errorAnswer,
  formBody,
  jsonAnswer,
  objectSchema,
  pageAnswer,
  pathParameter,
  redirectAnswer,
  text,
} from './describe.ts'
import { renderErase, renderPerson, renderReceipt } from './pages/compliance-page.ts'
import type { Exchange, Operation, Route } from './route.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

const PERSON = `${COMPLIANCE}/people/:identity`
const OUTCOMES = ['done', 'notNow', 'suggested'] as const

export function compliancePersonRoutes(deps: Means): Route[] {
  const route = (
    method: 'GET' | 'POST',
    path: string,
    operation: Operation,
    handle: Route['handle'],
  ): Route => ({
    ...{ method, path, operation, handle, errors: 'page', limit: 'admin' },
  })
  return [
    route(
      'GET',
      PERSON,
      SHOW,
      forStaff(deps, (signed, exchange) => show(deps, signed, exchange)),
    ),
    route(
      'POST',
      `${PERSON}/unlink`,
      UNLINK,
      forStaffForm(deps, (signed, form, exchange) => {
        const reason = UNLINK_REASONS.find((each) => each === form.get('reason'))
        const matchId = form.get('match') as MatchId
        return change(exchange, () => endOne(deps, signed, exchange, { matchId, reason }))
      }),
    ),
    route(
      'POST',
      `${PERSON}/restore`,
      RESTORE,
      forStaffForm(deps, ({ actor, tenant }, form, exchange) => {
        const request = { identityId: personOf(exchange), matchId: form.get('match') as MatchId }
        return change(exchange, () => restoreLink(deps, actor, tenant.slug, request))
      }),
    ),
    route(
      'POST',
      `${PERSON}/consent`,
      TAKE_BACK,
      forStaffForm(deps, ({ actor, tenant }, form, exchange) => {
        const clientId = form.get('client')
        if (clientId === undefined) return fail({ kind: 'invalid_request', detail: 'client' })
        const asked = { identityId: personOf(exchange), clientId: clientId as ClientId }
        return change(exchange, () => withdrawFor(deps, actor, tenant.slug, asked))
      }),
    ),
    route(
      'POST',
      `${PERSON}/restriction`,
      RESTRICT,
      forStaffForm(deps, ({ actor, tenant }, form, exchange) => {
        const request = {
          identityId: personOf(exchange),
          restricted: form.get('restricted') === 'yes',
        }
        return change(exchange, () => restrictIdentity(deps, actor, tenant.slug, request))
      }),
    ),
    route(
      'POST',
      `${PERSON}/export`,
      EXPORT,
      forStaffForm(deps, (signed, _form, exchange) => sendExport(deps, signed, exchange)),
    ),
    route(
      'GET',
      `${PERSON}/erase`,
      ASK,
      forStaff(deps, (signed, exchange) => ask(deps, signed, exchange)),
    ),
    route(
      'POST',
      `${PERSON}/erase`,
      ERASE,
      forStaffForm(deps, (signed, form, exchange) =>
        erase(deps, signed, exchange, form.get('ground'), form.get('sure') === 'yes'),
      ),
    ),
    route(
      'GET',
      `${PERSON}/receipt`,
      RECEIPT,
      forStaff(deps, (signed, exchange) => showReceipt(deps, signed, exchange)),
    ),
    route(
      'GET',
      `${PERSON}/receipt.jwt`,
      DOWNLOAD,
      forStaff(deps, (signed, exchange) => sendReceipt(deps, signed, exchange)),
    ),
  ]
}

function personOf({ http }: Exchange): IdentityId {
  const id = http.req.param('identity') ?? ''
  return id.includes('\0') ? fail({ kind: 'not_found' }) : (id as IdentityId)
}

async function show(deps: Means, signed: Signed, exchange: Exchange): Promise<Response> {
  const { language, nonce, page, csrf, actor, tenant } = signed
  const { person, held, consents, receipt } = await readHeld(
    ...([deps, actor, tenant.slug, personOf(exchange)] as const),
  )
  const said = exchange.http.req.query('outcome')
  const html = renderPerson({
    ...{ language, nonce, csrf, tenant: page, held: { ...held } },
    ...{ id: person.id, status: person.status, createdAt: person.createdAt },
    // Tombstones of an erasure are nobody's.
    links: person.matches,
    consents: consents.map(({ clientName, ...consent }) => ({
      ...consent,
      name: clientName ?? consent.clientId,
    })),
    hasReceipt: receipt !== undefined,
    mayErase: actor.scopes.includes('privacy:erase'),
    mayExport: actor.scopes.includes('privacy:export'),
    outcome: OUTCOMES.find((each) => each === said),
  })
  return answerPage(html, nonce)
}

async function endOne(
  deps: Means,
  { actor, tenant }: Signed,
  exchange: Exchange,
  { matchId, reason }: { matchId: MatchId; reason: UnlinkReason | undefined },
): Promise<void> {
  if (reason === undefined) return fail({ kind: 'invalid_request', detail: 'reason' })
  const identityId = personOf(exchange)
  await unlink(deps, actor, tenant.slug, { identityId, matchId, reason })
}

/** Does it, and shows the person again with what became of it: reloading the page does nothing twice. */
async function change(exchange: Exchange, act: () => Promise<unknown>): Promise<Response> {
  const back = `${COMPLIANCE}/people/${encodeURIComponent(personOf(exchange))}`
  try {
    await act()
    return redirectTo(`${back}?outcome=done`)
  } catch (error) {
    if (!(error instanceof BridgeError && error.failure.kind === 'conflict')) throw error
    return redirectTo(`${back}?outcome=notNow`)
  }
}

async function sendExport(
  deps: Means,
  { actor, tenant }: Signed,
  exchange: Exchange,
): Promise<Response> {
  const told = await exportIdentity(deps, actor, tenant.slug, personOf(exchange))
  return sendFile(JSON.stringify(told, null, 2), 'application/json', 'export.json')
}

function sendFile(body: string, type: string, name: string): Response {
  return new Response(body, {
    headers: {
      ...{ 'content-type': type, 'content-disposition': `attachment; filename="${name}"` },
      ...{ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
      'referrer-policy': 'no-referrer',
    },
  })
}

async function ask(deps: Means, signed: Signed, exchange: Exchange): Promise<Response> {
  const { language, nonce, page, csrf, actor, tenant } = signed
  const { person, held } = await readHeld(deps, actor, tenant.slug, personOf(exchange))
  if (person.status === 'ERASED') return redirectTo(`${COMPLIANCE}/people/${person.id}/receipt`)
  const view = { language, nonce, csrf, tenant: page, id: person.id, held: { ...held } }
  return answerPage(renderErase(view), nonce)
}

async function erase(
  deps: Means,
  { actor, tenant }: Signed,
  exchange: Exchange,
  word: string | undefined,
  sure: boolean,
): Promise<Response> {
  const ground: ErasureGround | undefined = ERASURE_GROUNDS.find((each) => each === word)
  if (ground === undefined || !sure)
    return fail({ kind: 'invalid_request', detail: 'ground, sure' })
  const identityId = personOf(exchange)
  await eraseIdentity(deps, actor, tenant.slug, { identityId, ground })
  return redirectTo(`${COMPLIANCE}/people/${encodeURIComponent(identityId)}/receipt`)
}

async function showReceipt(deps: Means, signed: Signed, exchange: Exchange): Promise<Response> {
  const { language, nonce, page, csrf, actor, tenant } = signed
  const { person, receipt } = await readHeld(deps, actor, tenant.slug, personOf(exchange))
  if (receipt === undefined) return fail({ kind: 'not_found' })
  const html = renderReceipt({
    ...{ language, nonce, csrf, tenant: page, id: person.id, receipt: receipt.text },
    ...{ erasedAt: receipt.erasedAt, gone: { ...receipt.erased } },
    keysUrl: `/t/${tenant.slug}/jwks`,
  })
  return answerPage(html, nonce)
}

async function sendReceipt(
  deps: Means,
  { actor, tenant }: Signed,
  exchange: Exchange,
): Promise<Response> {
  const { receipt } = await readHeld(deps, actor, tenant.slug, personOf(exchange))
  if (receipt === undefined) return fail({ kind: 'not_found' })
  return sendFile(`${receipt.text}\n`, 'application/jwt', 'erasure-receipt.jwt')
}

const parameters = [
  pathParameter('identity', 'Id of the person.', '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69'),
]
const csrf = text('From the page.')
const BACK = redirectAnswer('To the person, with what became of it.', `${COMPLIANCE}/people/…`)
const AWAY = redirectAnswer('Nobody is signed in.', `${COMPLIANCE}?over`)
const NOBODY = errorAnswer('ErrorPage', 'Nobody of that id, here.')
const shown = (operationId: string, summary: string): Operation => ({
  ...{ ...STAFF, operationId, summary, parameters },
  responses: { '200': pageAnswer('The page.'), '303': AWAY, '404': NOBODY },
})
const pressed = (operationId: string, summary: string, members = {}, example = {}): Operation => ({
  ...{ ...STAFF, operationId, summary, parameters },
  requestBody: formBody(objectSchema({ csrf, ...members }), { csrf: '…', ...example }),
  responses: { '303': BACK, '404': NOBODY },
})
const MATCH = { match: text('Which link.') }
const SHOW = shown('showPersonToStaff', 'What is held about a person, as counts')
const UNLINK = pressed(
  'unlinkOnCompliancePage',
  'End a link',
  ...([
    { ...MATCH, reason: text('Who wished it.') },
    { match: '…', reason: 'USER_UNLINK' },
  ] as const),
)
const RESTORE = pressed('restoreOnCompliancePage', 'Bring a link back', MATCH, { match: '…' })
const TAKE_BACK = pressed(
  'withdrawOnCompliancePage',
  'Take back what a person agreed to',
  ...([{ client: text('Which relying party.') }, { client: 'app' }] as const),
)
const RESTRICT = pressed(
  'restrictOnCompliancePage',
  'Restrict processing, or lift it',
  ...([{ restricted: text('`yes` or `no`.') }, { restricted: 'yes' }] as const),
)
const EXPORT: Operation = {
  ...pressed('exportOnCompliancePage', 'Export everything held about a person'),
  responses: {
    '200': jsonAnswer('A file.', { $ref: '#/components/schemas/PersonExport' }, PERSON_EXPORT),
    '303': AWAY,
    '404': NOBODY,
  },
}
const ASK = shown('askToErase', 'What would go, and the question')
const ERASE = pressed(
  'eraseOnCompliancePage',
  'Erase a person',
  ...([
    { ground: text('Article 17(1) GDPR.'), sure: text('`yes`.') },
    { ground: 'consent_withdrawn', sure: 'yes' },
  ] as const),
)
const RECEIPT = shown('showReceipt', 'The receipt of an erasure')
const DOWNLOAD: Operation = {
  ...shown('downloadReceipt', 'The receipt as a file'),
  responses: {
    '200': {
      description: 'A compact JWS.',
      content: {
        'application/jwt': { schema: { type: 'string' }, example: 'eyJ0eXAiOi….eyJpc3M….h9kQ' },
      },
    },
    ...{ '303': AWAY, '404': NOBODY },
  },
}
