/** A link whose credential was revoked is marked to be proved anew: by the job that looks, and where the credential itself is shown. */
import { openWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { allHashes } from '../domain/identifier.ts'
import type { TenantId } from '../domain/ids.ts'
import type { PolicyVersions } from '../domain/journey.ts'
import type { Standing } from '../domain/standing.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, type Transaction, transact } from '../store/database.ts'
import { lockPeople } from '../store/identity.ts'
import {
  type DueStanding,
  endStanding,
  findShownStandings,
  postponeStandings,
} from '../store/standing.ts'
import type { RevokedCredential } from '../wallet/presentation.ts'
import { identifyShown } from './identify-shown.ts'
import { subjectHash } from './merge-view.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

/**
 * The holder's links that were made by one of these very credentials are marked; their other links are looked at by the job
 * at its next run. It is the issuer's word that counts here and not the wallet's, so it need not wait for the browser (HA-10); a
 * credential that a newer one replaced long ago marks nothing.
 */
export async function flagShown(
  means: Means,
  prepared: PreparedTenant,
  versions: PolicyVersions,
  revoked: readonly RevokedCredential[],
): Promise<void> {
  const tenantId = prepared.tenant.id
  for (const { credential, reference } of revoked) {
    const holder = { thumbprint: credential.holderThumbprint }
    const shown = await identifyShown(means, prepared, versions, {
      holder,
      credentials: [credential],
    })
    const hashes = allHashes(shown.filter(({ strength }) => strength === 'identifies'))
    if (hashes.length === 0) continue
    const [links] = await read(means.db, tenantId, [findShownStandings({ tenantId, hashes })])
    const isOf = (link: DueStanding) =>
      openStandings(means.keyring, tenantId, link).some(
        ({ uri, index, purpose }) =>
          uri === reference.uri && index === reference.index && purpose === reference.purpose,
      )
    const own = links.filter(isOf)
    for (const link of own) await endStandingOf(means, tenantId, link, true)
    await lookSoon(
      means,
      tenantId,
      links.filter((link) => !own.includes(link)),
    )
  }
}

async function lookSoon(
  means: Means,
  tenantId: TenantId,
  links: readonly DueStanding[],
): Promise<void> {
  if (links.length === 0) return
  const now = toInstant(means.clock())
  await transact(means.db, tenantId, [
    postponeStandings({
      ...{ tenantId, bindingIds: links.map(({ id }) => id) },
      ...{ sealed: links.map((link) => link.credential_status), dueAts: links.map(() => now) },
    }),
  ])
}

/** Where a link's credentials can be looked up. Throws `sealed_unreadable`. */
export function openStandings(
  keyring: Keyring,
  tenant: TenantId,
  due: DueStanding,
): readonly Standing[] {
  const key = unwrapDataKey(keyring, tenant, due.key_identity_id, due.wrapped_data_key)
  const context = {
    ...{ tenant, table: 'identity_link_binding', column: 'credential_status', row: due.id },
  }
  const bytes = openWithDataKey(key, context, due.credential_status)
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as Standing[]
}

/**
 * Nothing is looked up for the link any more; `stale`: it is to be proved anew, and until then the selector sees it so. Does
 * nothing for a link that was proved anew meanwhile.
 */
export async function endStandingOf(
  means: Means,
  tenantId: TenantId,
  due: DueStanding,
  stale: boolean,
): Promise<void> {
  const now = toInstant(means.clock())
  const step = endStanding({
    ...{ tenantId, bindingId: due.id, sealed: due.credential_status, stale, now },
  })
  const work = async (tx: Transaction) => {
    const [[person], ended] = await tx.runAll([
      lockPeople({ tenantId, ids: [due.identity_id] }),
      step,
    ])
    if (!stale || ended.length === 0 || person?.status !== 'ACTIVE') return
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'binding_flagged', reason: 'credential_revoked' },
        subjectHash: subjectHash(means, tenantId, person),
      }),
    ])
  }
  await inTransaction(means.db, tenantId, work, { retries: 2 })
}
