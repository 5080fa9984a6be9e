/** Attributes by name, and data of institutions by category, are taken out of what is held about people. */
import { openWithDataKey, sealWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import type { Keyring } from '../crypto/keyring.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import {
  envelopeText,
  type KeptAttributes,
  readEnvelope,
  withoutAttributes,
} from '../domain/kept-attributes.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { Transaction } from '../store/database.ts'
import { type BindingRow, exportBindings } from '../store/export.ts'
import { dropCategories, dropGrantAttributes, replaceAttributes } from '../store/own-data.ts'

export interface Chosen {
  attributes: readonly string[]
  categories: readonly string[]
}

/** What was there of it, and in how many links. */
export interface Taken {
  links: number
  attributes: string[]
  categories: string[]
}

/**
 * From every link of these people, ended ones too, the named attributes are gone, and the categories everywhere; what was
 * granted ends, for it might carry them. Throws `sealed_unreadable`.
 */
export async function takeAttributes(
  { keyring }: Pick<Deps, 'keyring'>,
  tx: Transaction,
  from: { tenantId: TenantId; people: readonly IdentityId[]; now: IsoInstant },
  chosen: Chosen,
): Promise<Taken> {
  const { tenantId, people, now } = from
  const bindings = await tx.run(exportBindings({ tenantId, people }))
  const resealed = bindings.flatMap((row) => reseal(keyring, tenantId, row, chosen.attributes))
  const [, categories] = await tx.runAll([
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
    categories: [...new Set(categories.map(({ category }) => category))].sort(),
  }
}

/** The binding's text without the names, and which of them it held; nothing for a binding that holds none. */
function reseal(
  keyring: Keyring,
  tenant: TenantId,
  row: BindingRow,
  chosen: readonly string[],
): { id: string; envelope: Sealed; names: string[] }[] {
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
  const after = envelopeText(withoutAttributes(before, names))
  return [{ id: row.id, envelope: sealWithDataKey(key, place, after), names }]
}

function isHeld({ values, wallet, origins }: KeptAttributes, name: string): boolean {
  return [values, wallet.values, origins, wallet.origins].some((held) => Object.hasOwn(held, name))
}
