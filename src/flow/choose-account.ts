/** The page on which a person with several accounts says which one to use, and what happens when they have. */
import type { Deps } from '../deps.ts'
import { releaseClaims } from '../domain/attribute-values.ts'
import { type Attributes, attributeLabel } from '../domain/attributes.ts'
import { allNamed } from '../domain/claims-request.ts'
import { releasedNames } from '../domain/declared.ts'
import { fail } from '../domain/failure.ts'
import type { CorrelationId, JourneyId } from '../domain/ids.ts'
import type { Choosing } from '../domain/journey.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import type { Json } from '../domain/text.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import {
  type AccountRow,
  findAccountChoice,
  findAccounts,
  forgetAccountChoice,
  rememberAccountChoice,
} from '../store/account-choice.ts'
import { read, transact } from '../store/database.ts'
import { findHits } from '../store/hits.ts'
import { finishLogin } from './finish-login.ts'
import { openRequest } from './journey-secrets.ts'
import { type Next, refuseLogin } from './login-end.ts'
import { takeOwn } from './own-journey.ts'
import { openKeptAttributes } from './read-claims.ts'
import { personAmong } from './recognised-person.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

export interface OfferedAccounts {
  correlationId: CorrelationId
  language: 'en' | 'nl'
  relyingPartyName: string
  /** In the order of their positions. */
  accounts: readonly { title: string; details: readonly string[]; lastUsedAt: IsoInstant }[]
  /** The position that was remembered; undefined for none. */
  remembered: number | undefined
}

/** Attributes are told so far; enough to know one's accounts apart. */
const MOST_DETAILS = 3
const LONGEST_DETAIL = 120

/**
 * What the page shows while the person has to choose: of each account the provider's name, and those of the attributes
 * the relying party will get anyway that tell it from the others. Undefined when there is nothing to choose (any more).
 * Throws `not_found`, also for another browser's journey.
 */
export async function readAccounts(
  means: Means,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<OfferedAccounts | undefined> {
  const journey = await takeChoosing(means, prepared, id, browserId)
  if (journey === undefined) return undefined
  const { identityId, clientId, language } = journey
  const tenantId = prepared.tenant.id
  const relyingParty = await prepared.relyingParty(clientId)
  const [rows, [choice]] = await read(means.db, tenantId, [
    findAccounts({ tenantId, identityId, bindingIds: journey.accounts }),
    findAccountChoice({ tenantId, identityId, clientId }),
  ])
  const offered = journey.accounts.flatMap((binding) =>
    rows.filter((row) => row.binding_id === binding),
  )
  // One of them was unlinked meanwhile: positions would no longer say what they said.
  if (offered.length < journey.accounts.length || relyingParty === undefined)
    return fail({ kind: 'not_found' })
  const details = await tellApart(means, prepared, journey, relyingParty, offered)
  const before = choice === undefined ? -1 : journey.accounts.indexOf(choice.binding_id)
  return {
    correlationId: journey.correlationId,
    language,
    relyingPartyName: relyingParty.name,
    accounts: offered.map((row, position) => ({
      title: row.provider_name ?? prepared.tenant.name[language],
      details: details[position] ?? [],
      lastUsedAt: row.used_at,
    })),
    remembered: before < 0 ? undefined : before,
  }
}

/** For each account what is released of it and not the same in all. */
async function tellApart(
  { keyring }: Means,
  prepared: PreparedTenant,
  journey: Choosing,
  relyingParty: RelyingParty,
  rows: readonly AccountRow[],
): Promise<string[][]> {
  const tenant = prepared.tenant.id
  const policy = await prepared.policy('attributes', journey.policies.attributes)
  const { scope, claims } = openRequest(keyring, { tenant, journey: journey.id }, journey.request)
  const names = new Set(releasedNames(policy, relyingParty, new Set(scope), allNamed(claims)))
  const released: Attributes[] = rows.map((row) =>
    releaseClaims(policy, openKeptAttributes(keyring, tenant, row), {}, names),
  )
  const differing = policy.rules
    .map(({ name }) => name)
    .filter((name) => new Set(released.map((each) => JSON.stringify(each[name]))).size > 1)
  return released.map((each) =>
    differing
      .flatMap((name) => {
        const text = readable(each[name])
        return text === undefined
          ? []
          : [`${attributeLabel(policy, name, journey.language)}: ${text}`]
      })
      .slice(0, MOST_DETAILS),
  )
}

function readable(value: Json | undefined): string | undefined {
  const texts = [value].flat().filter((one) => typeof one === 'string')
  return texts.length === 0 ? undefined : texts.join(', ').slice(0, LONGEST_DETAIL)
}

/**
 * choosing → granted with the account at `position`, once. `remember` keeps it for this relying party, and without it an
 * earlier choice is forgotten. Undefined when there is nothing to choose (any more): the dispatcher knows better. Throws
 * `not_found`, also for another browser's journey and for a position that was not offered.
 */
export async function chooseAccount(
  means: Means,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
  choice: { position: number; remember: boolean },
): Promise<{ next: Next; language: 'en' | 'nl' } | undefined> {
  const journey = await takeChoosing(means, prepared, id, browserId)
  if (journey === undefined) return undefined
  const bindingId = journey.accounts[choice.position]
  if (bindingId === undefined) return fail({ kind: 'not_found' })
  const tenantId = prepared.tenant.id
  const [rows] = await read(means.db, tenantId, [findHits({ tenantId, id })])
  const { identityId, clientId, language, decided } = journey
  const person = personAmong(rows, journey.identifiers, { identityId, bindingId })
  const isBound = rows.some((row) => row.binding_id === bindingId)
  const next =
    person === undefined || !isBound
      ? await refuseLogin(means, prepared, journey, 'identity_unavailable')
      : await finishLogin(means, prepared, journey, decided, person)
  if (next.kind !== 'redirect' && next.kind !== 'consent') return { next, language }
  const kept = { tenantId, identityId, clientId }
  const now = toInstant(means.clock())
  // A preference and nothing more: the login stands without it.
  await transact(means.db, tenantId, [
    choice.remember
      ? rememberAccountChoice({ ...kept, bindingId, now })
      : forgetAccountChoice(kept),
  ])
  return { next, language }
}

async function takeChoosing(
  means: Means,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<Choosing | undefined> {
  const journey = await takeOwn(means, prepared, id, browserId)
  return journey.state === 'choosing' ? journey : undefined
}
