/** Attributes by name, and data of institutions by category, are taken out of what is held about people. */
import { openWithDataKey, sealWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { markSeal } from '../crypto/seal-mark.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import {
  envelopeText,
  type KeptAttributes,
  readEnvelope,
  withoutAttributes,
} from '../domain/kept-attributes.ts'
import type { SealMark } from '../domain/seal-mark.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { Transaction } from '../store/database.ts'
import { type BindingRow, exportBindings } from '../store/export.ts'
import { dropCategories, dropGrantAttributes, replaceAttributes } from '../store/own-data.ts'
import { auxiliaryPlace } from './data-person.ts'

export interface Chosen {
  attributes: readonly string[]
  categories: readonly string[]
}

/** What was there of it, and in how many links. */
export interface Taken {
  links: number
  attributes: string[]
  categories: string[]
  /** Of the texts as they are now, and of the places that are empty. */
  seals: SealMark[]
}

/** A person, locked. */
interface Held {
  id: IdentityId
  wrapped_data_key: Sealed | null
}

/**
 * From every link of these people, ended ones too, the named attributes are gone, and the categories everywhere; what was
 * granted ends, for it might carry them. Throws `sealed_unreadable`.
 */
export async function takeAttributes(
  { keyring }: Pick<Deps, 'keyring'>,
  tx: Transaction,
  from: { tenantId: TenantId; people: readonly Held[]; now: IsoInstant },
  chosen: Chosen,
): Promise<Taken> {
  const { tenantId, now } = from
  const people = from.people.map(({ id }) => id)
  const bindings = await tx.run(exportBindings({ tenantId, people }))
  const resealed = bindings.flatMap((row) => reseal(keyring, tenantId, row, chosen.attributes))
  const [, dropped] = await tx.runAll([
    replaceAttributes({
      ...{ tenantId, now, ids: resealed.map((row) => row.id) },
      envelopes: resealed.map((row) => row.envelope),
    }),
    dropCategories({ tenantId, people, categories: chosen.categories }),
    dropGrantAttributes({ tenantId, people, now }),
  ])
  return {
    links: resealed.length,
    attributes: [...new Set(resealed.flatMap(({ names }) => names))].sort(),
    categories: [...new Set(dropped.map(({ category }) => category))].sort(),
    seals: [
      ...resealed.map(({ mark }) => mark),
      ...dropped.flatMap((row) => markDropped(keyring, tenantId, from.people, row)),
    ],
  }
}

/** Of an erased person nothing was there that could come back. */
function markDropped(
  keyring: Keyring,
  tenantId: TenantId,
  people: readonly Held[],
  { id, identity_id: owner }: { id: string; identity_id: IdentityId },
): SealMark[] {
  const wrapped = people.find((one) => one.id === owner)?.wrapped_data_key ?? null
  if (wrapped === null) return []
  const key = unwrapDataKey(keyring, tenantId, owner, wrapped)
  return [markSeal(key, auxiliaryPlace(tenantId, id), null)]
}

/** The binding's text without the names, and which of them it held; nothing for a binding that holds none. */
function reseal(
  keyring: Keyring,
  tenant: TenantId,
  row: BindingRow,
  chosen: readonly string[],
): { id: string; envelope: Sealed; mark: SealMark; names: string[] }[] {
  if (row.attributes === null) return []
  if (row.wrapped_data_key === null) return fail({ kind: 'sealed_unreadable' })
  const key = unwrapDataKey(keyring, tenant, row.key_identity_id, row.wrapped_data_key)
  const column = 'persisted_attributes_envelope'
  const place = { tenant, table: 'identity_link_binding', column, row: row.id }
  const before = readEnvelope(
    Buffer.from(openWithDataKey(key, place, row.attributes)).toString('utf8'),
  )
  const names = chosen.filter((name) => isHeld(before, name))
  if (names.length === 0) return []
  const envelope = sealWithDataKey(key, place, envelopeText(withoutAttributes(before, names)))
  return [{ id: row.id, envelope, mark: markSeal(key, place, envelope), names }]
}

function isHeld({ values, wallet, origins }: KeptAttributes, name: string): boolean {
  return [values, wallet.values, origins, wallet.origins].some((held) => Object.hasOwn(held, name))
}
