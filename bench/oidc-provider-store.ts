/** oidc-provider on Postgres: one table, one prepared statement for each call, the same pool as the service has. */
import type { AdapterFactory, AdapterPayload } from 'oidc-provider'
import type pg from 'pg'

/** Beside the service's own schema, so that neither sees the other. */
export const OPPONENT_SCHEMA = `
  CREATE SCHEMA opponent;
  CREATE TABLE opponent.payload (
    kind text NOT NULL,
    id text NOT NULL,
    payload json NOT NULL,
    grant_id text,
    uid text,
    user_code text,
    consumed integer,
    expires_at timestamptz,
    PRIMARY KEY (kind, id)
  );
  CREATE INDEX ON opponent.payload (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX ON opponent.payload (kind, uid) WHERE uid IS NOT NULL;
  CREATE INDEX ON opponent.payload (kind, user_code) WHERE user_code IS NOT NULL;
  GRANT USAGE ON SCHEMA opponent TO identity_bridge_app;
  GRANT SELECT, INSERT, UPDATE, DELETE ON opponent.payload TO identity_bridge_app;`

const UPSERT = `INSERT INTO opponent.payload (kind, id, payload, grant_id, uid, user_code, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second')
  ON CONFLICT (kind, id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at`
const FIND = 'SELECT payload, consumed FROM opponent.payload WHERE kind = $1 AND expires_at > now()'

/** The adapter; `count` is called once for each statement. */
export function postgresStore(pool: pg.Pool, count: () => void): AdapterFactory {
  const run = async (name: string, text: string, values: unknown[]) => {
    count()
    const { rows } = await pool.query<{ payload: AdapterPayload; consumed: number | null }>({
      ...{ name, text, values },
    })
    const [row] = rows
    if (row === undefined) return undefined
    return row.consumed === null ? row.payload : { ...row.payload, consumed: row.consumed }
  }
  return (kind) => ({
    upsert: async (id, payload, expiresIn) => {
      const { grantId, uid, userCode } = payload
      await run('upsert', UPSERT, [kind, id, payload, grantId, uid, userCode, expiresIn])
    },
    find: (id) => run('find', `${FIND} AND id = $2`, [kind, id]),
    findByUid: (uid) => run('find_by_uid', `${FIND} AND uid = $2`, [kind, uid]),
    findByUserCode: (code) => run('find_by_user_code', `${FIND} AND user_code = $2`, [kind, code]),
    consume: async (id) => {
      const now = Math.floor(Date.now() / 1000)
      const text = 'UPDATE opponent.payload SET consumed = $3 WHERE kind = $1 AND id = $2'
      await run('consume', text, [kind, id, now])
    },
    destroy: async (id) => {
      await run('destroy', 'DELETE FROM opponent.payload WHERE kind = $1 AND id = $2', [kind, id])
    },
    revokeByGrantId: async (grantId) => {
      await run('revoke', 'DELETE FROM opponent.payload WHERE grant_id = $1', [grantId])
    },
  })
}
