/** Key migrations as the administration reads and answers them. */
import { z } from 'zod'
import { FEWEST_INACTIVE_DAYS, INACTIVE_DAYS, STRAGGLERS } from '../../domain/key-migration.ts'
import { instant } from './common-shapes.ts'

const version = z.int().min(1).max(999_999)
const stragglers = z
  .enum(STRAGGLERS)
  .describe('What becomes of hashes whose owners have not come back at the deadline.')
const inactiveDays = z.int().min(FEWEST_INACTIVE_DAYS).max(36_500)

export const NewKeyMigration = z.strictObject({
  version: version.describe('A version of the keyring, current in it.'),
  stragglers: stragglers.default('keep'),
  deadline: instant.optional().describe('Now, where it is absent.'),
  inactive_days: inactiveDays
    .default(INACTIVE_DAYS)
    .describe('With `purge`: how long somebody must have been away to be forgotten.'),
})

export const KeyMigration = z.object({
  version,
  key: z.enum(['A', 'B', 'C']),
  state: z.enum(['running', 'paused', 'rolling_back', 'completed', 'failed', 'rolled_back']),
  processed: z.int().describe('Rows under the wanted version.'),
  failed: z.int().describe('Rows that could not be brought there.'),
  skipped: z.int().describe('Rows left under an older version.'),
  purged: z.int(),
  total: z.int().describe('What the four come to at the end.'),
  stragglers,
  deadline: instant,
  inactive_days: z.int(),
  started_at: instant,
  ended_at: instant.nullable(),
  error: z.string().nullable(),
})
export const KeyMigrationList = z.object({ key_migrations: z.array(KeyMigration) })

const rows = z.array(z.object({ part: z.string(), version: z.int(), count: z.int() }))
export const KeyForecast = z.object({
  key: z.enum(['A', 'B', 'C']),
  version: version.describe('The current one.'),
  tenants: z.array(
    z.object({
      tenant: z.string(),
      rows: rows.describe(
        'What lies under which version; of sealed columns, 0 stands for any but the current.',
      ),
      left_behind: z
        .int()
        .describe('Persons who would have to prove themselves anew without the older versions.'),
      away: z
        .array(z.object({ days_below: z.int().nullable(), people: z.int() }))
        .describe('The same, by days since they were last here.'),
    }),
  ),
})
