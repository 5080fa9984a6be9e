import { setTimeout as wait } from 'node:timers/promises'
import { inspect } from 'node:util'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BridgeError } from '../../src/domain/failure.ts'
import {
  type BridgeDatabase,
  closeDatabase,
  inTransaction,
  isUniqueViolation,
  read,
  type Transaction,
  transact,
} from '../../src/store/database.ts'
import { type Params, sqlStatement } from '../../src/store/statement.ts'
import { query } from '../support/postgres.ts'
import {
  createNoteDatabase,
  failByDivision,
  insertNote,
  listNotes,
  lockNote,
  moveNote,
  type NoteDatabase,
  sleep,
  TENANT_A,
  TENANT_B,
} from './note-table.ts'

let here: NoteDatabase
let db: BridgeDatabase
beforeAll(async () => {
  here = await createNoteDatabase()
})
afterAll(() => here.database.drop())
beforeEach(async () => {
  await query(here.database.superuserUrl, 'TRUNCATE note')
  db = here.open({ poolSize: 1 })
})
afterEach(() => closeDatabase(db))

const noteOfA = (id: string, body = '') => insertNote({ tenantId: TENANT_A, id, body })
const unavailable = expect.objectContaining({ failure: { kind: 'unavailable' } })

/** What a query outside any transaction sees of the tenant setting on the pool's only connection. */
const strayTenant = () =>
  db.pool.query(
    `SELECT current_setting('app.tenant_id', true) AS tenant, (SELECT count(*) FROM note)::int AS notes`,
  )

describe('tenants on one connection', () => {
  test('PG-05 two tenants alternate on a pool of one, with an error in the middle, and see only their own', async () => {
    for (const [tenantId, id] of [
      [TENANT_A, 'a1'],
      [TENANT_B, 'b1'],
      [TENANT_A, 'a2'],
    ] as const) {
      await transact(db, tenantId, [insertNote({ tenantId, id, body: '' })])
      await expect(
        transact(db, tenantId, [
          insertNote({ tenantId, id: 'lost', body: '' }),
          failByDivision({ by: 0 }),
        ]),
      ).rejects.toMatchObject({ sqlState: '22012' })
      expect((await strayTenant()).rows).toEqual([{ tenant: '', notes: 0 }])
    }
    const [ofA] = await read(db, TENANT_A, [listNotes({})])
    const [ofB] = await read(db, TENANT_B, [listNotes({})])
    expect([ofA, ofB].map((notes) => notes.map(({ id }) => id))).toEqual([['a1', 'a2'], ['b1']])
    expect(db.counters.connections).toBe(1)
  })

  test('PG-05 a row of another tenant cannot be written', async () => {
    await expect(
      transact(db, TENANT_B, [insertNote({ tenantId: TENANT_A, id: 'x', body: '' })]),
    ).rejects.toMatchObject({ sqlState: '42501' })
    expect(await here.notes()).toEqual([])
  })
})

describe('a whole transaction in one round trip', () => {
  test('PG-06 tenant and every step travel together and are one transaction', async () => {
    const before = { ...db.counters }
    const [, notes] = await transact(db, TENANT_A, [noteOfA('1', 'first'), listNotes({})])
    expect(notes).toEqual([{ id: '1', body: 'first' }])
    expect(db.counters.roundTrips - before.roundTrips).toBe(1)
    expect(db.counters.statements - before.statements).toBe(3)
    expect(await here.notes()).toHaveLength(1)
  })

  test('PG-06 an error anywhere in it leaves nothing, and the next one on that client works', async () => {
    for (const place of [0, 1, 2, 3]) {
      const steps = [noteOfA('1'), noteOfA('2'), noteOfA('3')]
      const all = [...steps.slice(0, place), failByDivision({ by: 0 }), ...steps.slice(place)]
      await expect(transact(db, TENANT_A, all)).rejects.toMatchObject({ sqlState: '22012' })
      expect(await here.notes()).toEqual([])
    }
    await transact(db, TENANT_A, [noteOfA('1'), failByDivision({ by: 1 }), listNotes({})])
    expect(await here.notes()).toHaveLength(1)
    expect(db.counters.connections).toBe(1)
  })

  test('PG-06 a statement that cannot even be parsed leaves nothing, twice over', async () => {
    const nonsense = sqlStatement('nonsense', (_: Params<Record<never, never>>) => sql`SELEC 1`)
    for (let tried = 0; tried < 2; tried++) {
      await expect(
        transact(db, TENANT_A, [noteOfA('1'), nonsense({}), noteOfA('2')]),
      ).rejects.toMatchObject({ sqlState: '42601' })
    }
    await transact(db, TENANT_A, [noteOfA('1'), noteOfA('2')])
    expect(await here.notes()).toHaveLength(2)
    expect(db.counters.connections).toBe(1)
  })

  test('design 3 a lost compare-and-set leaves no other trace', async () => {
    const wide = here.open({ poolSize: 10 })
    await transact(db, TENANT_A, [noteOfA('1', 'open')])
    const move = moveNote({ id: '1', from: 'open', to: 'taken' })
    const tries = Array.from({ length: 50 }, () => transact(wide, TENANT_A, [move]))
    const won = (await Promise.all(tries)).filter(([moved]) => moved.length === 1)
    expect(won).toHaveLength(1)
    expect((await here.notes()).map(({ id, body }) => [id, body])).toEqual([
      ['1', 'taken'],
      ['1-trace', 'moved'],
    ])
    await closeDatabase(wide)
  })

  test('PG-06 a statement behind a table that changed its columns works again after one failure', async () => {
    const all = sqlStatement(
      'all_of_note',
      (_: Params<Record<never, never>>) => sql`SELECT * FROM note`,
    )
    await transact(db, TENANT_A, [all({})])
    await query(here.database.ownerUrl, 'ALTER TABLE note ADD extra text')
    await expect(transact(db, TENANT_A, [all({})])).rejects.toMatchObject({ sqlState: '0A000' })
    const [rows] = await transact(db, TENANT_A, [all({}), noteOfA('1'), all({})])
    expect(rows).toEqual([])
    await query(here.database.ownerUrl, 'ALTER TABLE note DROP extra')
  })

  test('design 3 a transaction that only reads cannot write', async () => {
    await expect(read(db, TENANT_A, [noteOfA('1')])).rejects.toEqual(unavailable)
    expect(await here.notes()).toEqual([])
  })
})

describe('whatever the server has as its default', () => {
  test('PG-06 a transaction is READ COMMITTED, in one round trip and in several', async () => {
    const name = new URL(here.database.superuserUrl).pathname.slice(1)
    const setDefault = (level: string) =>
      query(
        here.database.superuserUrl,
        `ALTER DATABASE "${name}" SET default_transaction_isolation = '${level}'`,
      )
    const asked = sqlStatement(
      'asked_isolation',
      (_: Params<Record<never, never>>) =>
        sql<{
          level: string
          reads: string
        }>`SELECT current_setting('transaction_isolation') AS level, current_setting('transaction_read_only') AS reads`,
    )
    await setDefault('serializable')
    const fresh = here.open({ poolSize: 1 })
    const whole = await transact(fresh, TENANT_A, [asked({})])
    const reading = await read(fresh, TENANT_A, [asked({})])
    const talked = await inTransaction(fresh, TENANT_A, (tx) => tx.run(asked({})))
    await closeDatabase(fresh)
    await setDefault('read committed')
    expect(whole).toEqual([[{ level: 'read committed', reads: 'off' }]])
    expect(reading).toEqual([[{ level: 'read committed', reads: 'on' }]])
    expect(talked).toEqual([{ level: 'read committed', reads: 'off' }])
  })
})

describe('a transaction that looks before it goes on', () => {
  test('PG-06 it takes two round trips when it ends with its last steps', async () => {
    const before = db.counters.roundTrips
    await inTransaction(db, TENANT_A, async (tx) => {
      const [notes] = await tx.runAll([listNotes({}), noteOfA('1')])
      await tx.runLast([noteOfA('2', String(notes.length))])
    })
    expect(db.counters.roundTrips - before).toBe(2)
    expect(await here.notes()).toHaveLength(2)
  })

  test('PG-06 thrown at every await point, it leaves nothing and a clean client', async () => {
    const points = 4
    const work = async (tx: Transaction, throwAt: number) => {
      for (let point = 0; point < points; point++) {
        if (point === throwAt) throw new Error('here')
        if (point < points - 1) await tx.run(noteOfA(String(point)))
      }
    }
    for (let throwAt = 0; throwAt < points; throwAt++) {
      await expect(inTransaction(db, TENANT_A, (tx) => work(tx, throwAt))).rejects.toThrow('here')
      expect(await here.notes()).toEqual([])
      expect((await strayTenant()).rows[0]).toEqual({ tenant: throwAt === 0 ? null : '', notes: 0 })
    }
    await inTransaction(db, TENANT_A, (tx) => work(tx, -1))
    expect(await here.notes()).toHaveLength(points - 1)
    expect(db.counters.connections).toBe(1)
  })

  test('PG-06 COMMIT that is answered with ROLLBACK is an error, though it resolves', async () => {
    const swallow = inTransaction(db, TENANT_A, async (tx) => {
      await tx.run(noteOfA('1'))
      await expect(tx.run(failByDivision({ by: 0 }))).rejects.toBeInstanceOf(Error)
      return 'done'
    })
    await expect(swallow).rejects.toThrow('COMMIT was answered with ROLLBACK')
    expect(await here.notes()).toEqual([])
  })

  test('PG-06 a refused last step cannot be swallowed either', async () => {
    const swallow = inTransaction(db, TENANT_A, async (tx) => {
      await tx.run(noteOfA('1'))
      await expect(tx.runLast([failByDivision({ by: 0 })])).rejects.toBeInstanceOf(Error)
      return 'done'
    })
    await expect(swallow).rejects.toThrow('transaction that is failed')
    expect(await here.notes()).toEqual([])
  })

  test('PG-06 a step that nobody awaited, or that comes too late, is refused', async () => {
    let kept: Transaction | undefined
    let floating: Promise<unknown> | undefined
    const hasty = inTransaction(db, TENANT_A, async (tx) => {
      kept = tx
      floating = tx.run(noteOfA('1'))
    })
    await expect(hasty).rejects.toThrow('transaction that is busy')
    await expect(floating).rejects.toBeInstanceOf(Error)
    await expect(kept?.run(noteOfA('2'))).rejects.toThrow('transaction that is over')
    expect(await here.notes()).toEqual([])
    await transact(db, TENANT_A, [noteOfA('3')])
    expect(await here.notes()).toHaveLength(1)
  })

  test('PG-06 work that asks nothing sends nothing', async () => {
    const before = { ...db.counters }
    await expect(inTransaction(db, TENANT_A, async () => 7)).resolves.toBe(7)
    expect(db.counters).toMatchObject({
      roundTrips: before.roundTrips,
      rollbacks: before.rollbacks,
    })
  })
})

describe('what goes wrong', () => {
  const secret = 'subject-4711@example.org'

  test('PG-17 a unique violation is told by its constraint and carries no value', async () => {
    await transact(db, TENANT_A, [noteOfA(secret)])
    const error = await transact(db, TENANT_A, [noteOfA(secret)]).catch((thrown: unknown) => thrown)
    expect(isUniqueViolation(error)).toBe(true)
    expect(isUniqueViolation(error, 'note_pkey')).toBe(true)
    expect(isUniqueViolation(error, 'other_key')).toBe(false)
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret)
  })

  test('PG-17 a value that Postgres quotes in its message does not reach ours', async () => {
    const parse = sqlStatement(
      'parse_number',
      (p: Params<{ text: string }>) => sql`SELECT ${p('text')}::text::int`,
    )
    const error = await transact(db, TENANT_A, [parse({ text: secret })]).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ sqlState: '22P02' })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret)
  })

  test('PG-17 a deadlock is retried when the unit may be run again, and unavailable otherwise', async () => {
    const wide = here.open({ poolSize: 2 })
    await transact(wide, TENANT_A, [noteOfA('1'), noteOfA('2')])
    const cross = async (retries: 0 | 3) => {
      const met = Promise.withResolvers<void>()
      let arrived = 0
      const one = (first: string, second: string) =>
        inTransaction(
          wide,
          TENANT_A,
          async (tx) => {
            await tx.run(lockNote({ id: first }))
            arrived++
            if (arrived === 2) met.resolve()
            await met.promise
            await tx.run(lockNote({ id: second }))
          },
          { retries },
        )
      return await Promise.allSettled([one('1', '2'), one('2', '1')])
    }
    const without = await cross(0)
    expect(without.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(without.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: unavailable,
    })
    expect((await cross(3)).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(wide.counters.retries).toBeGreaterThan(0)
    await closeDatabase(wide)
  })

  test('PG-18 a statement has its limit', async () => {
    const strict = here.open({ statementTimeoutMs: 300 })
    await expect(transact(strict, TENANT_A, [sleep({ seconds: 5 })])).rejects.toEqual(unavailable)
    await expect(transact(strict, TENANT_A, [listNotes({})])).resolves.toEqual([[]])
    await closeDatabase(strict)
  })

  test('PG-18 waiting for a lock has its limit', async () => {
    const strict = here.open({ poolSize: 2, lockTimeoutMs: 100 })
    await transact(strict, TENANT_A, [noteOfA('1')])
    await inTransaction(strict, TENANT_A, async (tx) => {
      await tx.run(lockNote({ id: '1' }))
      const waiting = transact(strict, TENANT_A, [lockNote({ id: '1' })])
      await expect(waiting).rejects.toEqual(unavailable)
    })
    await closeDatabase(strict)
  })

  test('PG-18 an idle transaction has its limit, and nobody inherits it', async () => {
    const strict = here.open({ poolSize: 1, idleInTransactionTimeoutMs: 200 })
    const idle = inTransaction(strict, TENANT_A, async (tx) => {
      await tx.run(noteOfA('1'))
      await wait(800)
      await tx.run(noteOfA('2'))
    })
    await expect(idle).rejects.toEqual(unavailable)
    await expect(transact(strict, TENANT_A, [listNotes({})])).resolves.toEqual([[]])
    await closeDatabase(strict)
  })

  test('PG-06 a server that does not answer costs its connection, not the service', async () => {
    const impatient = here.open({ poolSize: 1, answerTimeoutMs: 500 })
    await expect(transact(impatient, TENANT_A, [sleep({ seconds: 2 })])).rejects.toEqual(
      unavailable,
    )
    await transact(impatient, TENANT_A, [noteOfA('1')])
    expect(impatient.counters.connections).toBe(2)
    await closeDatabase(impatient)
  })

  test('PG-06 a pool that is used up is unavailable, and works again when a client comes back', async () => {
    const small = here.open({ poolSize: 1, connectTimeoutMs: 400 })
    const long = transact(small, TENANT_A, [sleep({ seconds: 1.5 })])
    await expect(transact(small, TENANT_A, [listNotes({})])).rejects.toEqual(unavailable)
    await long
    await expect(transact(small, TENANT_A, [listNotes({})])).resolves.toEqual([[]])
    await closeDatabase(small)
  })

  test('PG-06 sessions ended under load are unavailable for a moment, and no transaction is torn', async () => {
    const wide = here.open({ poolSize: 4 })
    const outcomes = new Set<string>()
    let tries = 0
    const stop = new AbortController()
    const worker = async () => {
      while (!stop.signal.aborted) {
        const id = String(tries++)
        outcomes.add(
          await transact(wide, TENANT_A, [noteOfA(`${id}-a`), noteOfA(`${id}-b`)]).then(
            () => 'written',
            (error: unknown) => (error instanceof BridgeError ? error.failure.kind : 'other'),
          ),
        )
      }
    }
    const workers = Array.from({ length: 4 }, worker)
    for (let round = 0; round < 100 && outcomes.size < 2; round++) {
      await query(
        here.database.superuserUrl,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = 'identity-bridge' AND datname = current_database()`,
      )
    }
    stop.abort()
    await Promise.all(workers)
    expect([...outcomes].sort()).toEqual(['unavailable', 'written'])
    const written = new Set((await here.notes()).map(({ id }) => id))
    for (let i = 0; i < tries; i++) expect(written.has(`${i}-a`)).toBe(written.has(`${i}-b`))
    await transact(wide, TENANT_A, [noteOfA('after')])
    await closeDatabase(wide)
  })

  test('PG-06 no server at all is unavailable; a refused login is told as such', async () => {
    const nowhere = here.open({ connectionString: 'postgresql://a:b@127.0.0.1:1/none' })
    await expect(transact(nowhere, TENANT_A, [listNotes({})])).rejects.toEqual(unavailable)
    await closeDatabase(nowhere)
    const url = new URL(here.database.runtimeUrl)
    url.password = 'wrong'
    const stranger = here.open({ connectionString: url.href })
    await expect(transact(stranger, TENANT_A, [listNotes({})])).rejects.toMatchObject({
      sqlState: '28P01',
    })
    await closeDatabase(stranger)
  })
})
