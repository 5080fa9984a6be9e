/** GD-12: the erasure's transaction fails at each of its writes in turn, or its connection dies there. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { walletOf } from '../../demo/people.ts'
import type { IdentityId } from '../../src/domain/ids.ts'
import { eraseIdentity } from '../../src/flow/erase-identity.ts'
import { mergeIdentities } from '../../src/flow/merge-identities.ts'
import { subscribeToEvents } from '../../src/flow/subscribe-to-events.ts'
import { accountOf, demoPerson, rowsOf, startTenant } from '../people/people.ts'
import { ACTOR, type Bridge, logIn, startBridge, type TestTenant } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { digests } from '../threats/attack.ts'

let bridge: Bridge
let folder: string
let ledger: string
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'identity-bridge-faults-'))
  ledger = path.join(folder, 'ledger')
  bridge = await startBridge({ env: { ERASURE_LEDGER: ledger } })
})
afterAll(async () => {
  await bridge.stop()
  rmSync(folder, { recursive: true, force: true })
})

const force = (text: string) => query(bridge.database.superuserUrl, text)

/**
 * Counts the writes of a transaction, table by table, and at the wanted one refuses it or kills its connection. Runs as the
 * superuser who puts it there, so that the service's own login need not know of it.
 */
const FAULTS = `
  CREATE TABLE fault (at integer NOT NULL, kind text NOT NULL);
  INSERT INTO fault VALUES (0, 'none');
  CREATE FUNCTION fail_here() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    IF (SELECT kind LIKE 'killed%' FROM fault) THEN
      PERFORM pg_terminate_backend(pg_backend_pid());
    ELSE
      RAISE EXCEPTION 'a fault of the test';
    END IF;
  END $$;
  CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  DECLARE
    seen integer := coalesce(nullif(current_setting('test.seen', true), ''), '0')::integer + 1;
  BEGIN
    PERFORM set_config('test.seen', seen::text, true);
    PERFORM fail_here() FROM fault WHERE at = seen AND kind IN ('refused', 'killed');
    RETURN NULL;
  END $$;
  CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    PERFORM fail_here() FROM fault WHERE kind IN ('refused at commit', 'killed at commit');
    RETURN NULL;
  END $$;
  CREATE FUNCTION at_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    PERFORM fail_here() FROM fault WHERE kind = 'refused when noted';
    RETURN NULL;
  END $$;
  DO $$
  DECLARE
    name text;
  BEGIN
    FOR name IN SELECT relname FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'fault'
    LOOP
      EXECUTE format('CREATE TRIGGER count_write AFTER INSERT OR UPDATE OR DELETE ON %I EXECUTE FUNCTION count_write()', name);
    END LOOP;
  END $$;
  CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON erasure DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION at_commit();
  CREATE TRIGGER at_note AFTER UPDATE ON erasure EXECUTE FUNCTION at_note()`

/** A person with something in every table that an erasure touches, and somebody merged into them. */
async function fill(tenant: TestTenant, slug: string): Promise<IdentityId> {
  const { deps } = bridge
  await subscribeToEvents(deps, ACTOR, slug, {
    ...{ delivery: 'poll', clientId: undefined, endpoint: undefined, audience: undefined },
    eventTypes: ['identity_erased'],
  })
  const [older, newer] = await rowsOf<{ id: IdentityId }>(
    ...([bridge, tenant, 'identity', 'true ORDER BY created_at'] as const),
  )
  if (older === undefined || newer === undefined) throw new Error('two people were made')
  const second = await walletOf(demoPerson('sanne'), bridge.issuer)
  await logIn(bridge, second, { tenant, user: accountOf('sanne') })
  await mergeIdentities(deps, ACTOR, slug, { mergedId: newer.id, survivingId: older.id })
  await force(`
    INSERT INTO auxiliary_data (id, tenant_id, identity_id, category, encrypted_payload, created_at, updated_at)
      SELECT gen_random_uuid(), tenant_id, id, 'library', 'v1.x', created_at, created_at FROM identity WHERE id = '${older.id}';
    INSERT INTO account_choice (tenant_id, identity_id, client_id, binding_id, created_at, updated_at)
      SELECT tenant_id, id, 'app', 'one', created_at, created_at FROM identity WHERE id = '${older.id}'`)
  return older.id
}

test('GD-12 an erasure that fails at any of its writes, or whose connection dies there, has not happened; asked again, it has', async () => {
  const { tenant } = await startTenant(bridge, 'faults')
  const identityId = await fill(tenant, 'faults')
  await force(FAULTS)
  const before = await digests(bridge, ['fault'])
  const erase = () =>
    eraseIdentity(bridge.deps, ACTOR, 'faults', { identityId, ground: 'objection' }).catch(
      (error: unknown) => ({ error }),
    )
  const attempt = async (at: number, kind: string) => {
    await force(`UPDATE fault SET at = ${at}, kind = '${kind}'`)
    const ended = await erase()
    if (!('error' in ended)) return ended
    expect(String(ended.error), `${kind} ${at}`).toMatch(/P0001|unavailable/)
    expect(await digests(bridge, ['fault']), `${kind} ${at}`).toEqual(before)
    expect(existsSync(ledger)).toBe(false)
    return undefined
  }

  expect(await attempt(0, 'refused at commit')).toBeUndefined()
  expect(await attempt(0, 'killed at commit')).toBeUndefined()
  let writes = 0
  for (; (await attempt(writes + 1, 'killed')) === undefined; writes++)
    expect(await attempt(writes + 1, 'refused')).toBeUndefined()
  await force(`UPDATE fault SET kind = 'none'`)
  // One for each table that an erasure writes to, the trail and its head among them.
  expect(writes).toBeGreaterThanOrEqual(16)

  const [erased] = await rowsOf<{ receipt: string }>(bridge, tenant, 'erasure')
  const again = await erase()
  expect(again).toMatchObject({ receipt: erased?.receipt })
  expect(readFileSync(ledger, 'utf8').trim().split('\n')).toHaveLength(1)
  const people = await rowsOf<{ status: string }>(bridge, tenant, 'identity')
  expect(people.map(({ status }) => status)).toEqual(['ERASED', 'ERASED'])
})

test('GD-12 between the transaction and the line in the ledger: the erasure stands, and asking again notes it', async () => {
  const { older } = await startTenant(bridge, 'unnoted')
  await force(`UPDATE fault SET at = 0, kind = 'refused when noted'`)
  const request = { identityId: older.id, ground: 'objection' } as const
  const erase = () => eraseIdentity(bridge.deps, ACTOR, 'unnoted', request)
  await expect(erase()).rejects.toMatchObject({ sqlState: 'P0001' })
  await force(`UPDATE fault SET kind = 'none'`)
  const { id } = await erase()
  // A line may come twice, which does no harm.
  const lines = readFileSync(ledger, 'utf8').split('\n')
  expect(lines.filter((line) => line.includes(id)).length).toBeGreaterThanOrEqual(1)
  const [row] = await force(`SELECT noted_at FROM erasure WHERE id = '${id}'`)
  expect(row).toMatchObject({ noted_at: expect.any(String) })
})
