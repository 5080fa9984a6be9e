/** What is held about a person, as counts, links and what they agreed to; nothing is opened. */
import { readCompact, readPayload } from '../crypto/jws.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { Erased } from '../domain/erasure.ts'
import type { IdentityId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { findErasureOf, findWholeFamily } from '../store/erasure.ts'
import { countHeld, type Held } from '../store/export.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type ConsentView, viewConsents } from './consent-view.ts'
import { type IdentityView, viewIdentity } from './identity-view.ts'

export interface HeldView {
  person: IdentityView
  /** Rows of each kind, everybody merged with the person included. */
  held: Held
  /** Names alone, no value; of everybody merged with the person too. */
  consents: readonly ConsentView[]
  /** Of an erased person. */
  receipt: { text: string; erasedAt: IsoInstant; erased: Erased } | undefined
}

/** Throws `admin_forbidden`, `not_found`. */
export async function readHeld(
  means: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
  id: IdentityId,
): Promise<HeldView> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'identities:manage', slug)
  const person = await viewIdentity(means.db, tenantId, id)
  const [family] = await read(means.db, tenantId, [findWholeFamily({ tenantId, id })])
  const people = family.map((one) => one.id)
  const [[held], [erasure]] = await read(means.db, tenantId, [
    countHeld({ tenantId, people }),
    findErasureOf({ tenantId, identityId: id }),
  ])
  if (held === undefined) throw new TypeError('counting gives one row')
  const consents = await viewConsents(means, tenantId, people)
  return { person, held, consents, receipt: erasure && readReceipt(erasure.receipt) }
}

/** Our own text, as it was signed. */
function readReceipt(text: string) {
  const said = readPayload(readCompact(text, { maxBytes: 64 * 1024 }))
  return { text, erasedAt: said.erased_at as IsoInstant, erased: said.erased as unknown as Erased }
}
