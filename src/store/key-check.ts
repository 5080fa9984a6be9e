/** `key_check`: what every key version must reproduce before the service serves anybody (protocols CR-33). */
import { sql } from 'kysely'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

export const listKeyChecks = statement('list_key_checks', (q, _: Params<Record<never, never>>) =>
  q
    .selectFrom('key_check')
    .select(['key_name', 'version', 'check_value'])
    .orderBy('key_name')
    .orderBy('version'),
)

/** Records a version's value the first time the version is seen; a known one keeps the value it has. */
export const insertKeyCheck = sqlStatement(
  'insert_key_check',
  (
    p: Params<{ keyName: 'A' | 'B' | 'C'; version: number; checkValue: string; now: IsoInstant }>,
  ) => sql<{
    changed: number
  }>`
    INSERT INTO key_check (key_name, version, check_value, created_at)
    VALUES (${p('keyName')}, ${p('version')}, ${p('checkValue')}, ${p('now')})
    ON CONFLICT (key_name, version) DO NOTHING`,
)
