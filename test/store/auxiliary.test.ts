import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { IdentityId, TenantId } from '../../src/domain/ids.ts'
import type { Sealed } from '../../src/domain/text.ts'
import type { IsoInstant } from '../../src/domain/time.ts'
import {
  countAllAux,
  deleteAuxByIdentity,
  findAuxByIdentity,
  findExpiredAux,
  upsertAux,
} from '../../src/store/auxiliary.ts'
import { day, ONE, startTenantDatabase, type TenantDatabase, TWO } from './tenant-database.ts'

let tenants: TenantDatabase
beforeAll(async () => {
  tenants = await startTenantDatabase()
})
beforeEach(() => tenants.look('DELETE FROM auxiliary_data'))
afterAll(() => tenants.stop())

const PERSON = 'person' as IdentityId

interface Given {
  category?: string
  payload?: string
  now?: IsoInstant
  expiresAt?: IsoInstant
  person?: IdentityId
  tenant?: TenantId
}

function put(id: string, given: Given = {}) {
  const tenantId = given.tenant ?? ONE
  const step = upsertAux({
    ...{
      id,
      tenantId,
      identityId: given.person ?? PERSON,
      category: given.category ?? 'enrolment',
    },
    ...{ payload: (given.payload ?? 'sealed') as Sealed, schemaVersion: '1' },
    ...{ now: given.now ?? day(1), expiresAt: given.expiresAt ?? null },
  })
  return tenants.run(step, tenantId)
}

const rowsOf = (now: IsoInstant, person = PERSON) =>
  tenants.run(findAuxByIdentity({ tenantId: ONE, identityId: person, now }))

test('writing a category again replaces what it holds; the row keeps its id and the time it was made', async () => {
  expect(await put('x1', { payload: 'first', now: day(1) })).toEqual([{ id: 'x1' }])
  const second = { payload: 'second', now: day(2), expiresAt: day(20) }
  expect(await put('x2', second)).toEqual([{ id: 'x1' }])
  expect(await rowsOf(day(3))).toMatchObject([
    {
      ...{ id: 'x1', encrypted_payload: 'second', created_at: day(1), updated_at: day(2) },
      expires_at: day(20),
    },
  ])
  await put('x3', { category: 'unit' })
  expect(await tenants.run(countAllAux({ tenantId: ONE }))).toEqual([{ count: 2 }])
})

test('the same person and category in another tenant is another row', async () => {
  await put('x1')
  expect(await put('x2', { tenant: TWO })).toEqual([{ id: 'x2' }])
  expect(await tenants.run(countAllAux({ tenantId: TWO }), TWO)).toEqual([{ count: 1 }])
})

test('what has expired is not read any more, to the millisecond, before the job takes it', async () => {
  await put('x1', { category: 'b', expiresAt: day(10) })
  await put('x2', { category: 'a' })
  const categories = async (now: IsoInstant) => (await rowsOf(now)).map((row) => row.category)
  expect(await categories('2026-01-09T23:59:59.999Z' as IsoInstant)).toEqual(['a', 'b'])
  expect(await categories(day(10))).toEqual(['a'])
})

test('the expired ones come oldest first, bounded, and never one without a time', async () => {
  await put('x1', { category: 'a', expiresAt: day(9) })
  await put('x2', { category: 'b', expiresAt: day(8) })
  await put('x3', { category: 'c', expiresAt: day(11) })
  await put('x4', { category: 'd' })
  const expired = async (limit: number) => {
    const step = findExpiredAux({ tenantId: ONE, now: day(9), limit })
    return (await tenants.run(step)).map((row) => row.id)
  }
  expect(await expired(9)).toEqual(['x2', 'x1'])
  expect(await expired(1)).toEqual(['x2'])
})

test('GD-05 erasing takes all of one person and nothing of another', async () => {
  await put('x1', { category: 'a' })
  await put('x2', { category: 'b' })
  await put('x3', { person: 'somebody else' as IdentityId })
  const erase = deleteAuxByIdentity({ tenantId: ONE, identityId: PERSON })
  expect(await tenants.run(erase, TWO)).toEqual([{ changed: 0 }])
  expect(await tenants.run(erase)).toEqual([{ changed: 2 }])
  expect(await tenants.look('SELECT id FROM auxiliary_data')).toEqual([{ id: 'x3' }])
})
