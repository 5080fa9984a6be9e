/** How long data is kept, and the record of processing, as the administration reads and answers them. */
import { z } from 'zod'
import { DATA_KIND_NAMES } from '../../domain/retention.ts'
import { instant, shown } from './common-shapes.ts'

const kind = z.enum(DATA_KIND_NAMES)
const days = z.int().min(1).max(36_500).nullable().describe('Null: as the service has it.')
const noticeDays = z
  .int()
  .min(0)
  .max(365)
  .nullable()
  .describe('Of `links`: how long before its end a link is told of. Null: as the service has it.')

const atLeast = z
  .boolean()
  .describe('There may be more: counting stops at 100,000 rows, and for links after three seconds.')

export const RetentionRule = z.strictObject({
  days: days.optional(),
  notice_days: noticeDays.optional(),
  ground: shown(500)
    .nullable()
    .optional()
    .describe('Why, in your words; stands in the record of processing.'),
})

export const RetentionEntry = z.object({
  kind,
  what: z.string(),
  days: z
    .number()
    .nullable()
    .describe('Null where no number of days ends it; `lives` says what does.'),
  lives: z.string().nullable(),
  notice_days: z.number(),
  ground: z.string(),
  job: z.string().nullable().describe('What ends it.'),
  last_run_at: instant.nullable(),
  next_run_at: instant.nullable(),
  paused: z.boolean().describe('The job is paused: nothing ends.'),
  due: z.number().describe('Rows that are past their time now.'),
  warned: z.number().describe('Of `links`: whose end would be told now.'),
  at_least: atLeast,
})
export const RetentionTable = z.object({ kinds: z.array(RetentionEntry) })

export const RetentionTrial = z.strictObject({
  rules: z
    .array(z.strictObject({ kind, days: days.optional(), notice_days: noticeDays.optional() }))
    .max(DATA_KIND_NAMES.length)
    .default([])
    .describe('Rules to try; the others are as they are.'),
  at: z.iso
    .datetime({ precision: 3 })
    .optional()
    .describe('When, were nothing used until then; now when absent.'),
})
export const RetentionPlan = z.object({
  at: instant,
  kinds: z.array(
    z.object({
      kind,
      days: z.number().nullable(),
      notice_days: z.number(),
      due: z.number(),
      warned: z.number(),
      at_least: atLeast,
    }),
  ),
})

const texts = z.array(z.string())
export const ProcessingRecord = z.object({
  tenant: z.string(),
  controller: z.string(),
  privacy_notice: z.string().nullable(),
  generated_at: instant,
  policies: z.record(z.string(), z.number()),
  purposes: z.array(z.object({ recipient: z.string(), purpose: z.string().nullable() })),
  data_subjects: z.string(),
  identifiers: texts,
  attributes: z.array(
    z.object({
      ...{ name: z.string(), from: z.string(), kept: z.boolean() },
      passed_on_with: z.string().nullable(),
    }),
  ),
  sources: z.array(z.object({ name: z.string(), kind: z.string() })),
  recipients: z.array(z.object({ name: z.string(), kind: z.string(), sees: z.string() })),
  retention: z.array(z.object({ what: z.string(), period: z.string(), ground: z.string() })),
  security: texts,
  to_be_said: texts.describe('What no configuration holds, and the controller has to say.'),
  markdown: z.string().describe('The same for people.'),
})
