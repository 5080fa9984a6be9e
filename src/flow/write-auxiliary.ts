/** A machine client puts or removes data about a person, one category at a time. */

import { sealWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import { newId } from '../crypto/random.ts'
import { markSeal } from '../crypto/seal-mark.ts'
import type { AuditDetail } from '../domain/audit.ts'
import { type Conditions, judgeConditions } from '../domain/conditions.ts'
import { mayWrite } from '../domain/data-access.ts'
import { fail } from '../domain/failure.ts'
import type { IdentityId, MatchId, TenantId } from '../domain/ids.ts'
import { instantOfUse } from '../domain/last-use.ts'
import type { MachineClient } from '../domain/machine.ts'
import { sealsText } from '../domain/seal-mark.ts'
import type { JsonObject } from '../domain/text.ts'
import { DAY, fromInstant, type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { deleteFamilyAux, findFamilyAux, findOwnAux, upsertAux } from '../store/auxiliary.ts'
import {
  type DataPersonRow,
  findDataBinding,
  lockDataPersonForWriting,
  touchPerson,
} from '../store/data-person.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { answerOnce, type OnceRequest, type WriteAnswer } from './answer-once.ts'
import { auxiliaryPlace, auxiliaryVersion, type DataMeans, takeLocked } from './data-person.ts'
import { refuseCategory } from './deny-access.ts'
import { subjectHash } from './merge-view.ts'
import type { PreparedTenant } from './tenants.ts'

export interface AuxiliaryChange {
  id: IdentityId
  category: string
  /** What has to be there, or not to be, for the change to be made (RFC 9110 section 13). */
  conditions: Conditions
  once: OnceRequest
}

export interface AuxiliaryText {
  fields: JsonObject
  /** Undefined: it stays until it is replaced or the person is erased. */
  expiresAt: IsoInstant | undefined
}

const LONGEST = 3_660 * DAY

/**
 * Replaces the category whole and answers 201 for a new one, 200 else, with its new version. Throws `category_forbidden`,
 * `not_found` as readers meet it, `precondition_failed`, `invalid_request` for an end that is past or beyond ten years,
 * and what {@link answerOnce} throws.
 */
export async function putAuxiliary(
  means: DataMeans,
  prepared: PreparedTenant,
  client: MachineClient,
  change: AuxiliaryChange & AuxiliaryText,
): Promise<WriteAnswer> {
  const tenantId = prepared.tenant.id
  const { category, fields, expiresAt } = change
  if (!mayWrite(client.access, category)) return await refuseCategory(means, prepared, client)
  // Not before the key is looked up, so that a repeat has its answer though the end passed meanwhile.
  const judge = () => judgeEnd(expiresAt, means.clock())
  const asked = { ...change, client, judge }
  return await answerOnce(means, prepared, client, change.once, (settle) =>
    inCategory(means, prepared, asked, async (tx, { person, used, there, own, now, usedAt }) => {
      const identityId = person.id
      const key = unwrapDataKey(means.keyring, tenantId, identityId, person.wrapped_data_key)
      const id = own ?? newId()
      const place = auxiliaryPlace(tenantId, id)
      const payload = sealWithDataKey(key, place, JSON.stringify(fields))
      const end = expiresAt ?? null
      const row = { category, encrypted_payload: payload, expires_at: end }
      const version = auxiliaryVersion(client, row)
      const answer: WriteAnswer = {
        ...{ status: there ? 200 : 201, etag: version },
        body: { category, expires_at: end, updated_at: now },
      }
      await settle(tx, answer)
      await tx.runLast([
        upsertAux({
          ...{ id, tenantId, identityId, category, payload, now },
          ...{ schemaVersion: '1', expiresAt: end },
        }),
        touchPerson({ tenantId, identityId, matchIds: used, usedAt }),
        event(means, tenantId, client, person, now, {
          ...{ type: 'auxiliary_written', category },
          seals: sealsText([markSeal(key, place, payload)]),
        }),
      ])
      return answer
    }),
  )
}

/** Removes the category. Throws `category_forbidden`, `not_found` also where there is none, `precondition_failed`. */
export async function deleteAuxiliary(
  means: DataMeans,
  prepared: PreparedTenant,
  client: MachineClient,
  change: AuxiliaryChange,
): Promise<WriteAnswer> {
  const tenantId = prepared.tenant.id
  const { category } = change
  if (!mayWrite(client.access, category)) return await refuseCategory(means, prepared, client)
  const judge = (there: boolean) => there || fail({ kind: 'not_found' })
  const asked = { ...change, client, judge }
  return await answerOnce(means, prepared, client, change.once, (settle) =>
    inCategory(means, prepared, asked, async (tx, { person, used, now, usedAt }) => {
      const answer: WriteAnswer = { status: 204 }
      await settle(tx, answer)
      const gone = await tx.run(deleteFamilyAux({ tenantId, identityId: person.id, category }))
      const seals = gone.map(({ id, identity_id: owner, wrapped_data_key: wrapped }) => {
        const key = unwrapDataKey(means.keyring, tenantId, owner, wrapped)
        return markSeal(key, auxiliaryPlace(tenantId, id), null)
      })
      await tx.runLast([
        touchPerson({ tenantId, identityId: person.id, matchIds: used, usedAt }),
        event(means, tenantId, client, person, now, {
          ...{ type: 'auxiliary_deleted', category, seals: sealsText(seals) },
        }),
      ])
      return answer
    }),
  )
}

interface Asked extends AuxiliaryChange {
  client: MachineClient
  /** Throws what the request would be refused for without its conditions: that goes first (RFC 9110 section 13.2.1). */
  judge: (there: boolean) => void
}

interface Category {
  person: DataPersonRow
  used: readonly MatchId[]
  /** Whether anything unexpired is there, the person's own or of somebody merged into them. */
  there: boolean
  /** Id of the person's own row, expired or not. */
  own: string | undefined
  now: IsoInstant
  usedAt: IsoInstant
}

/** One writer of a person at a time: their row is locked against others until commit. */
async function inCategory(
  means: DataMeans,
  { tenant }: PreparedTenant,
  { id, category, conditions, client, judge }: Asked,
  work: (tx: Transaction, category: Category) => Promise<WriteAnswer>,
): Promise<WriteAnswer> {
  const tenantId = tenant.id
  const at = means.clock()
  const times = { now: toInstant(at), usedAt: instantOfUse(tenant, at) }
  const run = async (tx: Transaction) => {
    const person = await takeLocked(tx, lockDataPersonForWriting({ tenantId, id }))
    const identityId = person.id
    const [[binding], rows, [own]] = await tx.runAll([
      findDataBinding({ tenantId, identityId, hashes: [] }),
      findFamilyAux({ tenantId, identityId, now: times.now }),
      findOwnAux({ tenantId, identityId, category }),
    ])
    const row = rows.find((one) => one.category === category)
    judge(row !== undefined)
    const version = row === undefined ? undefined : auxiliaryVersion(client, row)
    if (!judgeConditions(conditions, version)) return fail({ kind: 'precondition_failed' })
    const used = binding === undefined ? [] : [binding.match_id]
    return await work(tx, { person, used, there: row !== undefined, own: own?.id, ...times })
  }
  return await inTransaction(means.db, tenantId, run, { retries: 3 })
}

function judgeEnd(expiresAt: IsoInstant | undefined, at: number): void {
  if (expiresAt === undefined) return
  const end = fromInstant(expiresAt)
  if (end <= at || end > at + LONGEST)
    fail({ kind: 'invalid_request', detail: 'expires_at: past, or more than ten years away' })
}

function event(
  means: DataMeans,
  tenantId: TenantId,
  client: MachineClient,
  person: DataPersonRow,
  now: IsoInstant,
  detail: AuditDetail,
) {
  const about = { clientId: client.clientId, subjectHash: subjectHash(means, tenantId, person) }
  return insertAuditEvent(tenantId, newId(), now, { detail, ...about })
}
