/** Data about a person that institutions keep here, by category: sealed under the person's own key. */
import { names } from '../../domain/conditions.ts'
import { fail } from '../../domain/failure.ts'
import type { IdentityId } from '../../domain/ids.ts'
import type { JsonObject } from '../../domain/text.ts'
import { type IsoInstant, toInstant } from '../../domain/time.ts'
import type { AuxiliaryView } from '../../flow/data-person.ts'
import { readPersonAuxiliary, readPersonCategory } from '../../flow/read-person.ts'
import { deleteAuxiliary, putAuxiliary } from '../../flow/write-auxiliary.ts'
import type { Route } from '../route.ts'
import {
  type DataCall,
  type DataDeps,
  dataRoute,
  tellUnchanged,
  tellValue,
  tellWritten,
} from './data-route.ts'

const ALL = '/identities/:identity/auxiliary'
const ONE = `${ALL}/:category`
const FIELDS = { programme: 'Law', year: 2 }
const WRITTEN = {
  category: 'enrolment',
  expires_at: '2027-02-02T02:40:00.000Z',
  updated_at: '2026-02-02T02:40:00.000Z',
}
const AUXILIARY = { ...WRITTEN, fields: FIELDS }

function header(name: string, description: string): JsonObject {
  const schema = { type: 'string', maxLength: 1024 }
  return { name, in: 'header', required: false, description, schema, example: '"x1y2"' }
}
const IF_MATCH = header(
  'If-Match',
  'Only while it still has this version; `*`: only if there is one.',
)
const IF_NONE_MATCH = header('If-None-Match', '`*`: only if there is none.')
const STILL = header('If-Match', 'Answers 412 unless it has this version.')
const NOT_CHANGED = header('If-None-Match', 'Answers 304 while it still has this version.')
const CONDITION = { 412: 'The condition does not hold; nothing was changed.' }

export function auxiliaryRoutes(deps: DataDeps): Route[] {
  return [...readingRoutes(deps), ...writingRoutes(deps)]
}

function readingRoutes(deps: DataDeps): Route[] {
  const reading = { method: 'GET', scope: 'reconciliation:read' } as const
  return [
    dataRoute(deps, {
      ...{ ...reading, path: ALL, operationId: 'listAuxiliary' },
      summary: 'Read all auxiliary data of a person',
      description: 'The categories and fields that the registration names, a hundred at most.',
      answers: { 200: ['AuxiliaryList', { auxiliary: [AUXILIARY] }] },
      async run({ prepared, client, path }) {
        const id = path('identity') as IdentityId
        const views = await readPersonAuxiliary(deps, prepared, client, id)
        return tellValue({ auxiliary: views.map(tell) })
      },
    }),
    dataRoute(deps, {
      ...{ ...reading, path: ONE, operationId: 'readAuxiliary', headers: [STILL, NOT_CHANGED] },
      versioned: true,
      summary: 'Read one category',
      description: 'The answer carries an `ETag`.',
      answers: { 200: ['Auxiliary', AUXILIARY] },
      refusals: { 304: 'It still has the version that was named.', 412: 'It has another version.' },
      async run({ prepared, client, path, http }) {
        const id = path('identity') as IdentityId
        const view = await readPersonCategory(deps, prepared, client, id, path('category'))
        const [wanted, known] = [http.req.header('if-match'), http.req.header('if-none-match')]
        if (wanted !== undefined && !names(wanted, view.version, false))
          return fail({ kind: 'precondition_failed' })
        if (known !== undefined && names(known, view.version, true))
          return tellUnchanged(view.version)
        return tellValue(tell(view), view.version)
      },
    }),
  ]
}

function writingRoutes(deps: DataDeps): Route[] {
  const writing = { scope: 'reconciliation:write', path: ONE, refusals: CONDITION } as const
  return [
    dataRoute(deps, {
      ...{ ...writing, method: 'PUT', operationId: 'putAuxiliary' },
      ...{ headers: [IF_MATCH, IF_NONE_MATCH], versioned: true },
      summary: 'Put one category',
      description: 'Replaces it whole, its end included. The answer carries the new `ETag`.',
      ...{ body: 'NewAuxiliary', sent: { fields: FIELDS, expires_at: WRITTEN.expires_at } },
      answers: { 200: ['WrittenAuxiliary', WRITTEN], 201: ['WrittenAuxiliary', WRITTEN] },
      async run({ prepared, client, body, ...call }) {
        const { fields, expires_at: end } = body
        const expiresAt = end === undefined || end === null ? undefined : instantOf(end)
        const change = { ...changeOf(call), fields, expiresAt }
        return tellWritten(await putAuxiliary(deps, prepared, client, change))
      },
    }),
    dataRoute(deps, {
      ...{ ...writing, method: 'DELETE', operationId: 'deleteAuxiliary', headers: [IF_MATCH] },
      summary: 'Remove one category',
      answers: { 204: 'nothing' },
      run: async ({ prepared, client, ...call }) =>
        tellWritten(await deleteAuxiliary(deps, prepared, client, changeOf(call))),
    }),
  ]
}

function instantOf(text: string): IsoInstant {
  return toInstant(Date.parse(text))
}

function changeOf({
  path,
  http,
  once,
}: Pick<DataCall<unknown, unknown>, 'path' | 'http' | 'once'>) {
  const { req } = http
  const conditions = { ifMatch: req.header('if-match'), ifNoneMatch: req.header('if-none-match') }
  return { id: path('identity') as IdentityId, category: path('category'), conditions, once }
}

function tell(view: AuxiliaryView): JsonObject {
  return {
    ...{ category: view.category, fields: view.fields },
    ...{ expires_at: view.expiresAt ?? null, updated_at: view.updatedAt },
  }
}
