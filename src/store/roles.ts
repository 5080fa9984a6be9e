/**
 * Who connects. The owner migrates and nothing else; the run-time login owns nothing, so row-level security binds it.
 * The start is refused to a login that could get round it (PG-02).
 */
import pg from 'pg'
import type { BridgeDatabase } from './database.ts'
import { withClient } from './pool.ts'
import { SetupRefused } from './setup-refused.ts'
import { StatementFailed, withoutValues } from './statement-failed.ts'

/** The group that every grant names. */
export const APP_ROLE = 'identity_bridge_app'
/** The login the service runs with; a member of the group. */
export const RUNTIME_ROLE = 'identity_bridge'

/** A new random password: 256 bits, base64url, so that it may stand in a URL as it is. */
export function newPassword(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')
}

/**
 * Makes the group role if it is not there; roles belong to the cluster, and another database may have made it. Asked
 * first, because CREATE ROLE wants the right to create before it looks whether there is anything to do.
 */
export async function ensureGroupRole(client: pg.ClientBase): Promise<void> {
  await client.query(`
    DO $$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${APP_ROLE}') THEN
        CREATE ROLE ${APP_ROLE} NOLOGIN;
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- made by another at the same moment
    END $$`)
}

/** Makes a login without any right of its own and returns true, or finds it there and returns false. */
export async function ensureLogin(
  client: pg.ClientBase,
  name: string,
  password: string,
): Promise<boolean> {
  const found = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name])
  if (found.rowCount === 1) return false
  const verifier = pg.escapeLiteral(await scramVerifier(password))
  await client.query(`CREATE ROLE ${pg.escapeIdentifier(name)} LOGIN PASSWORD ${verifier}`)
  return true
}

/** Gives a login a new password. */
async function setPassword(client: pg.ClientBase, name: string, password: string): Promise<void> {
  const verifier = pg.escapeLiteral(await scramVerifier(password))
  await client.query(`ALTER ROLE ${pg.escapeIdentifier(name)} PASSWORD ${verifier}`)
}

/**
 * Makes the run-time login, as the owner or whoever else may create roles. Returns its new password, or undefined when it
 * was there already and no new password was asked for.
 */
async function ensureRuntimeLogin(
  client: pg.ClientBase,
  { renew }: { renew: boolean },
): Promise<string | undefined> {
  const password = newPassword()
  try {
    await ensureGroupRole(client)
    const made = await ensureLogin(client, RUNTIME_ROLE, password)
    if (!made && renew) await setPassword(client, RUNTIME_ROLE, password)
    await ensureMember(client)
    return made || renew ? password : undefined
  } catch (error) {
    const cause = withoutValues(error)
    if (!(cause instanceof StatementFailed) || cause.sqlState !== '42501') throw cause
    throw new SetupRefused(
      `The owner's login may not create or change the login ${RUNTIME_ROLE}: it needs CREATEROLE. ` +
        `Or let a superuser run: CREATE ROLE ${RUNTIME_ROLE} LOGIN PASSWORD '…'; GRANT ${APP_ROLE} TO ${RUNTIME_ROLE};`,
      { cause },
    )
  }
}

/** {@link ensureRuntimeLogin} on a connection of its own. */
export async function createRuntimeLogin(
  ownerUrl: string,
  options: { renew: boolean },
): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: ownerUrl })
  client.on('error', () => undefined) // a lost connection is told by the query that is under way
  try {
    await client.connect()
    return await ensureRuntimeLogin(client, options)
  } catch (error) {
    throw withoutValues(error)
  } finally {
    await client.end()
  }
}

/** Makes the run-time login a member of the group, if it is not. */
export async function ensureMember(client: pg.ClientBase): Promise<void> {
  const found = await client.query(
    'SELECT FROM pg_auth_members WHERE member = $1::regrole AND roleid = $2::regrole',
    [RUNTIME_ROLE, APP_ROLE],
  )
  if (found.rowCount === 0) await client.query(`GRANT ${APP_ROLE} TO ${RUNTIME_ROLE}`)
}

/** Throws {@link SetupRefused} naming every reason why the connected login must not serve requests (PG-02, PG-10). */
export async function checkRuntimeRole(db: BridgeDatabase): Promise<void> {
  const { rows } = await withClient(db, (client) => client.query(REASONS))
  if (rows.length === 0) return
  const reasons = rows.map(({ who, why }) => `${who} ${why}`).join('; ')
  throw new SetupRefused(
    `This database login must not run the service: ${reasons}. Use the login that "npm run migrate" made.`,
  )
}

/**
 * For session_user and current_user, everything by which row-level security would not bind them: own attributes, roles
 * they can become (directly or through others), things they own, and TRUNCATE, which asks no policy. CREATEROLE counts
 * because before Postgres 16 it can make itself a member of the owner.
 */
const REASONS = `
  WITH me AS (
    SELECT oid, rolname, rolsuper, rolbypassrls, rolcreaterole, rolreplication
      FROM pg_roles WHERE rolname IN (session_user, current_user)
  ), ours AS (
    SELECT c.relowner AS owner, 'table ' || c.relname AS thing, c.oid AS relation
      FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL
    SELECT p.proowner, 'function ' || p.proname, NULL FROM pg_proc p
     WHERE p.pronamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT n.nspowner, 'schema public', NULL FROM pg_namespace n
     WHERE n.nspname = 'public' AND n.nspowner <> 'pg_database_owner'::regrole
    UNION ALL
    SELECT d.datdba, 'database ' || d.datname, NULL FROM pg_database d WHERE d.datname = current_database()
  )
  SELECT rolname AS who, 'is a superuser' AS why FROM me WHERE rolsuper
  UNION
  SELECT rolname, 'has BYPASSRLS' FROM me WHERE rolbypassrls
  UNION
  SELECT rolname, 'has CREATEROLE' FROM me WHERE rolcreaterole AND NOT rolsuper
  UNION
  SELECT rolname, 'has REPLICATION' FROM me WHERE rolreplication AND NOT rolsuper
  UNION
  SELECT rolname, 'owns ' || min(thing) FROM me JOIN ours ON ours.owner = me.oid GROUP BY rolname
  UNION
  SELECT me.rolname, 'is a member of ' || other.rolname || ', the owner of ' || min(thing)
    FROM me JOIN pg_roles other ON other.oid <> me.oid AND pg_has_role(me.oid, other.oid, 'MEMBER')
    JOIN ours ON ours.owner = other.oid
   WHERE NOT me.rolsuper GROUP BY me.rolname, other.rolname
  UNION
  SELECT me.rolname, 'is a member of ' || other.rolname || ', which row-level security does not bind'
    FROM me JOIN pg_roles other ON other.oid <> me.oid AND pg_has_role(me.oid, other.oid, 'MEMBER')
   WHERE NOT me.rolsuper AND (other.rolsuper OR other.rolbypassrls)
  UNION
  SELECT me.rolname, 'may TRUNCATE ' || min(thing)
    FROM me JOIN ours ON ours.relation IS NOT NULL AND ours.owner <> me.oid
   WHERE NOT me.rolsuper AND has_table_privilege(me.oid, ours.relation, 'TRUNCATE')
     AND NOT pg_has_role(me.oid, ours.owner, 'MEMBER')
   GROUP BY me.rolname
  ORDER BY 1, 2`

/**
 * What Postgres would store for the password (RFC 5802, RFC 7677), so that the password itself is never sent and cannot
 * end up in a server's log. The password is ASCII, so SASLprep changes nothing.
 */
async function scramVerifier(password: string): Promise<string> {
  const iterations = 4096
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const bytes = new TextEncoder()
  const secret = await crypto.subtle.importKey('raw', bytes.encode(password), 'PBKDF2', false, [
    'deriveBits',
  ])
  const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations }
  const salted = await crypto.subtle.importKey(
    'raw',
    await crypto.subtle.deriveBits(parameters, secret, 256),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  )
  const clientKey = await crypto.subtle.sign('HMAC', salted, bytes.encode('Client Key'))
  const serverKey = await crypto.subtle.sign('HMAC', salted, bytes.encode('Server Key'))
  const storedKey = await crypto.subtle.digest('SHA-256', clientKey)
  const text = (part: ArrayBuffer) => Buffer.from(part).toString('base64')
  return `SCRAM-SHA-256$${iterations}:${text(salt.buffer)}$${text(storedKey)}:${text(serverKey)}`
}
