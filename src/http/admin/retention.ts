/** How long data is kept: `/admin/v1/tenants/{tenant}/retention`; and `…/record-of-processing`. */
import { fail } from '../../domain/failure.ts'
import { type ProcessingRecord, recordAsMarkdown } from '../../domain/processing-record.ts'
import { DATA_KIND_NAMES, type DataKind } from '../../domain/retention.ts'
import { changeRetention } from '../../flow/change-retention.ts'
import { planRetention } from '../../flow/plan-retention.ts'
import { readRetention } from '../../flow/read-retention.ts'
import type { RetentionEntryView } from '../../flow/retention-view.ts'
import { writeProcessingRecord } from '../../flow/write-processing-record.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { PROCESSING_RECORD, RETENTION_ENTRY } from './examples.ts'

const tag = 'Administration: retention'
const scope = 'privacy:retention'
const TABLE = '/tenants/:tenant/retention'
const NOT_FOUND = { 404: 'No such tenant, or not one of this token.' }

export function retentionRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'GET', path: TABLE, operationId: 'readRetention', tag, scope, status: 200 },
      summary: 'How long each kind of data is kept, and what is due',
      ...{ answer: 'RetentionTable', told: { kinds: [RETENTION_ENTRY] }, refusals: NOT_FOUND },
      run: async ({ actor, path }) => ({
        value: { kinds: (await readRetention(deps, actor, path('tenant'))).map(tell) },
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'PUT', path: `${TABLE}/:data`, operationId: 'changeRetention', tag, scope },
      summary: 'Say how long a kind of data is kept, and why',
      description:
        'The next run of the job goes by it; try it first with the plan. A shorter period for links begins with warnings: nothing ends that was not told for the whole notice. What a row says itself is not changed here.',
      ...{ body: 'RetentionRule', sent: { days: 365, notice_days: 30, ground: null } },
      ...{ answer: 'RetentionEntry', told: RETENTION_ENTRY, status: 200 },
      refusals: { 404: 'No such tenant or kind of data, or not one of this token.' },
      async run({ actor, body, path }) {
        const rule = {
          days: body.days ?? undefined,
          noticeDays: body.notice_days ?? undefined,
          ground: body.ground ?? undefined,
        }
        const kind = readKind(path('data'))
        return { value: tell(await changeRetention(deps, actor, path('tenant'), kind, rule)) }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: `${TABLE}/plan`, operationId: 'planRetention', tag, scope },
      summary: 'What would go, without touching anything',
      description: 'By the rules there are or by others, now or at a later time.',
      ...{ body: 'RetentionTrial', sent: { rules: [{ kind: 'links', days: 365 }] } },
      answer: 'RetentionPlan',
      told: {
        at: '2026-01-31T12:00:00.000Z',
        kinds: [
          { kind: 'links', days: 365, notice_days: 30, due: 12, warned: 240, at_least: false },
        ],
      },
      ...{ status: 200, refusals: NOT_FOUND },
      async run({ actor, body, path }) {
        const rules = new Map(
          body.rules.map((rule) => [
            rule.kind,
            {
              ...{ days: rule.days ?? undefined, noticeDays: rule.notice_days ?? undefined },
              ground: undefined,
            },
          ]),
        )
        const at = body.at === undefined ? undefined : Date.parse(body.at)
        const plan = await planRetention(deps, actor, path('tenant'), { rules, at })
        const kinds = plan.kinds.map(({ noticeDays, days, atLeast, ...one }) => ({
          ...{ ...one, days: days ?? null, notice_days: noticeDays, at_least: atLeast },
        }))
        return { value: { at: plan.at, kinds } }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: '/tenants/:tenant/record-of-processing', tag, scope, status: 200 },
      operationId: 'readProcessingRecord',
      summary: 'The record of processing (Art. 30 GDPR), written from the configuration',
      description:
        'Purposes, data, sources, recipients, periods and security as they are set up now. What only the controller can say is listed as such.',
      ...{ answer: 'ProcessingRecord', told: PROCESSING_RECORD, refusals: NOT_FOUND },
      run: async ({ actor, path }) => ({
        value: tellRecord(await writeProcessingRecord(deps, actor, path('tenant'))),
      }),
    }),
  ]
}

function readKind(text: string): DataKind {
  return DATA_KIND_NAMES.find((kind) => kind === text) ?? fail({ kind: 'not_found' })
}

function tell(entry: RetentionEntryView) {
  return {
    ...{ kind: entry.kind, what: entry.what, days: entry.days ?? null, lives: entry.lives ?? null },
    ...{ notice_days: entry.noticeDays, ground: entry.ground, job: entry.job ?? null },
    last_run_at: entry.lastRunAt ?? null,
    next_run_at: entry.nextRunAt ?? null,
    ...{ paused: entry.paused, due: entry.due, warned: entry.warned, at_least: entry.atLeast },
  }
}

function tellRecord(record: ProcessingRecord) {
  return {
    ...{ tenant: record.tenant, controller: record.controller, policies: { ...record.policies } },
    privacy_notice: record.privacyNotice ?? null,
    generated_at: record.generatedAt,
    purposes: record.purposes.map((one) => ({ ...one, purpose: one.purpose ?? null })),
    ...{ data_subjects: record.dataSubjects, identifiers: [...record.identifiers] },
    attributes: record.attributes.map(({ passedOnWith, ...one }) => ({
      ...{ ...one, passed_on_with: passedOnWith ?? null },
    })),
    ...{ sources: [...record.sources], recipients: [...record.recipients] },
    ...{ retention: [...record.retention], security: [...record.security] },
    to_be_said: [...record.toBeSaid],
    markdown: recordAsMarkdown(record),
  }
}
