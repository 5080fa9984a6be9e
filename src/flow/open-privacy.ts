/**
 * The wallet has answered for a person who asks for their own data: presented → managing, if they are somebody here. Without a
 * wallet the institution is asked, and `own-data-by-account.ts` goes on.
 */
import type { Deps } from '../deps.ts'
import type { RefusalReason } from '../domain/audit.ts'
import { type Decided, MANAGE_TIME, type Presented } from '../domain/journey.ts'
import type { Plan } from '../domain/plan.ts'
import { type Recognition, recognise } from '../domain/recognition.ts'
import { toInstant } from '../domain/time.ts'
import { transact } from '../store/database.ts'
import { type HitRow, readHit } from '../store/hits.ts'
import { openPrivacy as open } from '../store/journey.ts'
import { type Next, refuseLogin } from './login-end.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * Only for somebody whom the identifiers prove: who may be a person is shown nothing of them. No plan is asked and nothing
 * is written about the person.
 */
export async function openPrivacy(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  journey: Presented,
  hits: readonly HitRow[],
): Promise<Next> {
  const material = await prepared.policy('material', journey.policies.material)
  const keyAlone = material.keyAlone === 'allowed'
  const at = means.clock()
  const found = recognise(journey.identifiers, hits.map(readHit), { keyAlone }, at)
  const known = 'identityId' in found && found.proof === 'identified' ? found : undefined
  if (known === undefined) return await refuseLogin(means, prepared, journey, reasonOf(found))
  const { identityId } = known
  const [[moved]] = await transact(means.db, prepared.tenant.id, [
    open({
      ...{ tenantId: prepared.tenant.id, id: journey.id, from: 'presented', identityId },
      ...{ now: toInstant(at) },
      expiresAt: toInstant(at + MANAGE_TIME),
    }),
  ])
  return moved?.changed === 1
    ? { kind: 'privacy', journey }
    : await refuseLogin(means, prepared, journey, 'identity_unavailable')
}

/** What the institution is asked for: a login made for this, whatever session is open there. */
export function ownDataLogin({ providers }: PreparedTenant, { providerId }: Presented): Decided {
  const provider = providers.find(({ id }) => id === providerId)?.slug ?? ''
  const rest = { method: 'fresh_login', confirm: 'never', bindingPolicy: 'REUSE_ONLY' } as const
  const plan: Plan = {
    plan: 'RUN_IDV',
    provider,
    profile: 'own-data',
    requiredAttributes: [],
    ...rest,
  }
  return { plan, rule: 'builtin:own-data', reasons: [], state: 'NOT_FOUND' }
}

function reasonOf(found: Recognition): RefusalReason {
  switch (found.state) {
    case 'UNAVAILABLE':
      return 'identity_unavailable'
    case 'AMBIGUOUS':
      return 'ambiguous_identity'
    case 'NOT_FOUND':
      return 'nobody_known'
    default:
      return 'candidate_unconfirmed'
  }
}
