/** Whether a login is that of a person whom the relying party named: by `id_token_hint`, or by `sub` in `claims` (OpenID Connect Core 3.1.2.1). */
import type { Deps } from '../deps.ts'
import type { ClientId, IdentityId } from '../domain/ids.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import { read } from '../store/database.ts'
import { findSubject } from '../store/subject.ts'
import type { PreparedTenant } from './tenants.ts'

/** True where nobody was named. Asked for with the person who was recognised, before anything is granted. */
export async function isHintedPerson(
  { db }: Pick<Deps, 'db'>,
  prepared: PreparedTenant,
  asked: {
    subjects?: readonly string[] | undefined
    relyingParty: Pick<RelyingParty, 'sector'>
  },
  identityId: IdentityId,
): Promise<boolean> {
  const { subjects, relyingParty } = asked
  if (subjects === undefined) return true
  const tenantId = prepared.tenant.id
  const [[row]] = await read(db, tenantId, [
    findSubject({ tenantId, identityId, sector: relyingParty.sector }),
  ])
  return row !== undefined && subjects.includes(row.subject)
}

/** The same for a journey, whose client is known by its id; false for a login that links nobody. */
export async function isHintedLogin(
  means: Pick<Deps, 'db'>,
  prepared: PreparedTenant,
  subjects: readonly string[] | undefined,
  login: { clientId: ClientId; identityId: IdentityId | undefined },
): Promise<boolean> {
  if (subjects === undefined) return true
  const relyingParty = await prepared.relyingParty(login.clientId)
  if (relyingParty === undefined || login.identityId === undefined) return false
  return await isHintedPerson(means, prepared, { subjects, relyingParty }, login.identityId)
}
