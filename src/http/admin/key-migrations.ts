/** Key migrations: `/admin/v1/key-migrations`, and `/admin/v1/key-forecasts`. */
import { fail } from '../../domain/failure.ts'
import type { RunChange } from '../../domain/key-migration.ts'
import type { IsoInstant } from '../../domain/time.ts'
import { changeKeyMigration } from '../../flow/change-key-migration.ts'
import {
  AWAY_DAYS,
  type Forecast,
  forecastKeyMigration,
} from '../../flow/forecast-key-migration.ts'
import type { MigrationView } from '../../flow/key-migration-view.ts'
import { readKeyMigration, readKeyMigrations } from '../../flow/read-key-migrations.ts'
import { startKeyMigration } from '../../flow/start-key-migration.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { INSTANT } from './examples.ts'

const tag = 'Administration: keys'
const scope = 'keys:manage'
const ALL = '/key-migrations'
const ONE = `${ALL}/:version`
const EXAMPLE = {
  ...{ version: 4, key: 'B', state: 'running', processed: 12_000, failed: 0, skipped: 0 },
  ...{ purged: 0, total: 40_000, stragglers: 'keep', deadline: INSTANT, inactive_days: 730 },
  ...{ started_at: INSTANT, ended_at: null, error: null },
}
const FORECAST = {
  ...{ key: 'A', version: 3 },
  tenants: [
    {
      tenant: 'example',
      rows: [{ part: 'match', version: 1, count: 120 }],
      left_behind: 80,
      away: [
        { days_below: 30, people: 60 },
        { days_below: null, people: 20 },
      ],
    },
  ],
}

export function keyMigrationRoutes(deps: AdminDeps): Route[] {
  const change = (word: RunChange, summary: string, description: string) =>
    adminRoute(deps, {
      ...{ method: 'POST', path: `${ONE}/${word}`, operationId: `${word}KeyMigration`, tag, scope },
      ...{ summary, description, body: 'Nothing', sent: {} },
      ...{ answer: 'KeyMigration', told: EXAMPLE, status: 200 },
      refusals: { 404: 'No run of this version.', 409: 'The run is not in a state for this.' },
      run: async ({ actor, path }) => ({
        value: tell(await changeKeyMigration(deps, actor, readVersion(path('version')), word)),
      }),
    })
  return [
    ...readRoutes(deps),
    adminRoute(deps, {
      ...{ method: 'POST', path: ALL, operationId: 'startKeyMigration', tag, scope },
      summary: 'Bring everything to the current version of a key',
      description:
        'For a version that is current in the keyring of every instance. Hashes of accounts (B) and everything sealed (C) move at once, under load; hashes of wallets (A) move as their owners log in, and what is left at the deadline is kept, nested under the new key, or purged by the rule of inactivity.',
      body: 'NewKeyMigration',
      sent: { version: 4, stragglers: 'keep' },
      ...{ answer: 'KeyMigration', told: EXAMPLE, status: 201 },
      refusals: {
        409: 'Not the current version of its key, migrated before, a nesting missing in the keyring, or another run of this key is under way.',
      },
      async run({ actor, body }) {
        const { version, stragglers, deadline, inactive_days: inactiveDays } = body
        const asked = {
          version,
          stragglers,
          inactiveDays,
          deadline: deadline as IsoInstant | undefined,
        }
        const started = await startKeyMigration(deps, actor, asked)
        return { value: tell(started), location: `/admin/v1${ALL}/${version}` }
      },
    }),
    change('pause', 'Pause a run', 'It stops at its next batch. What was moved stays moved.'),
    change(
      'resume',
      'Resume a run',
      'Also one that failed or was cancelled: under its own number.',
    ),
    change('cancel', 'Cancel a run', 'It ends as failed. Both versions must stay readable.'),
    change(
      'rollback',
      'Take a run back',
      'Needs the older version to be current again in the keyring, and this one readable. Accounts and sealed texts are brought back; wallets go back as their owners log in. Hashes that were nested cannot go back.',
    ),
  ]
}

function readRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'GET', path: ALL, operationId: 'listKeyMigrations', tag, scope },
      summary: 'List the runs of key migrations',
      description: 'The newest first, with live counters.',
      ...{ answer: 'KeyMigrationList', told: { key_migrations: [EXAMPLE] }, status: 200 },
      run: async ({ actor }) => ({
        value: { key_migrations: (await readKeyMigrations(deps, actor)).map(tell) },
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: ONE, operationId: 'readKeyMigration', tag, scope },
      summary: 'Read one run',
      ...{ answer: 'KeyMigration', told: EXAMPLE, status: 200 },
      refusals: { 404: 'No run of this version.' },
      run: async ({ actor, path }) => ({
        value: tell(await readKeyMigration(deps, actor, readVersion(path('version')))),
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: '/key-forecasts/:key', operationId: 'forecastKey', tag, scope },
      summary: 'What lies under which version of a key',
      description: 'And who would be left behind if the older ones could be read no more.',
      ...{ answer: 'KeyForecast', told: FORECAST, status: 200 },
      refusals: { 404: 'No such key.' },
      run: async ({ actor, path }) => ({
        value: tellForecast(await forecastKeyMigration(deps, actor, readKey(path('key')))),
      }),
    }),
  ]
}

function readVersion(text: string): number {
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : fail({ kind: 'not_found' })
}

function readKey(text: string): 'A' | 'B' | 'C' {
  return text === 'A' || text === 'B' || text === 'C' ? text : fail({ kind: 'not_found' })
}

function tell(view: MigrationView) {
  const { version, key, state, processed, failed, skipped, purged, total, stragglers } = view
  return {
    ...{ version, key, state, processed, failed, skipped, purged, total, stragglers },
    ...{ deadline: view.deadline, inactive_days: view.inactiveDays, started_at: view.createdAt },
    ...{ ended_at: view.completedAt ?? null, error: view.error ?? null },
  }
}

function tellForecast({ key, version, tenants }: Forecast) {
  return {
    ...{ key, version },
    tenants: tenants.map(({ tenant, rows, leftBehind, away }) => ({
      ...{ tenant, rows: [...rows], left_behind: leftBehind },
      away: away.map((people, index) => ({ days_below: AWAY_DAYS[index] ?? null, people })),
    })),
  }
}
