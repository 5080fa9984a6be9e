/**
 * Everything of a tenant that has an end, read from its rows. Certificates are parsed here and not at every login: the
 * calendar is asked for by an administrator and by an hourly job.
 */
import { type Expiry, expiryOf } from '../domain/expiry.ts'
import { ACTIVE_TIME, PUBLISHED_BEFORE } from '../domain/signing-key-age.ts'
import { fromInstant, type IsoInstant } from '../domain/time.ts'
import { pemOf, type TrustPolicy } from '../domain/trust-policy.ts'
import { readCertificate } from './certificate.ts'
import { readStoredLists, type StoredList } from './stored-list.ts'
import { allLists } from './trusted-list.ts'

/** What ends, as it lies in the tables. */
export interface Held {
  keys: readonly {
    kid: string
    purpose: 'token' | 'request'
    state: string
    client_id: string
    certificate_chain: string | null
    activated_at: IsoInstant | null
  }[]
  /** The published document; undefined where there is none. */
  trust: TrustPolicy | undefined
  lists: readonly StoredList[]
  answers: readonly { about: string; fresh_until: IsoInstant | null }[]
  registrations: readonly { id: string; client_id: string; not_after: IsoInstant | null }[]
}

/** Returns the calendar, what ends first first. `now` in milliseconds. */
export function expiryCalendar(held: Held, now: number): readonly Expiry[] {
  const all = [
    ...held.keys.flatMap((key) => expiryOfKey(key, now)),
    ...held.registrations.flatMap(({ id, client_id: clientId, not_after: end }) =>
      end === null
        ? []
        : [
            expiryOf(
              'registration_certificate',
              { name: id, clientId, endsAt: fromInstant(end) },
              now,
            ),
          ],
    ),
    ...(held.trust === undefined ? [] : anchorsOf(held.trust, now)),
    ...(held.trust === undefined ? [] : listsOf(held.trust, held.lists, now)),
    ...answersPast(held.answers, now),
  ]
  return all.toSorted((one, other) => (one.endsAt < other.endsAt ? -1 : 1))
}

/** Of a request key its certificates; of a key for tokens the day on which the next one should have taken over. */
function expiryOfKey(key: Held['keys'][number], now: number): readonly Expiry[] {
  if (key.state !== 'active') return []
  const { kid: name, client_id: clientId } = key
  if (key.purpose === 'token') {
    if (key.activated_at === null) return []
    const endsAt = fromInstant(key.activated_at) + ACTIVE_TIME + PUBLISHED_BEFORE
    return [expiryOf('signing_key', { name, endsAt }, now)]
  }
  const ends = (JSON.parse(key.certificate_chain ?? '[]') as string[]).flatMap(
    (der) => readCertificate(Buffer.from(der, 'base64'))?.notAfter ?? [],
  )
  if (ends.length === 0) return []
  return [expiryOf('request_certificate', { name, clientId, endsAt: Math.min(...ends) }, now)]
}

function anchorsOf(trust: TrustPolicy, now: number): readonly Expiry[] {
  return trust.entries.flatMap((entry) =>
    entry.mechanism === 'x5c'
      ? entry.anchors.flatMap((anchor, at) => {
          const der = Buffer.from(pemOf(anchor).replace(/-----[^-]+-----|\s/g, ''), 'base64')
          const own = readCertificate(der)?.notAfter
          if (own === undefined) return []
          const said = typeof anchor === 'string' ? undefined : anchor.notAfter
          const endsAt = said === undefined ? own : Math.min(own, Date.parse(said))
          return [expiryOf('trust_anchor', { name: `${entry.id}.${at}`, endsAt }, now)]
        })
      : [],
  )
}

/** Those that a job should have asked for anew; there are many, and the others are nobody's business. */
function answersPast(rows: Held['answers'], now: number): readonly Expiry[] {
  return rows.flatMap(({ about, fresh_until: end }) => {
    if (end === null || now < fromInstant(end)) return []
    return [expiryOf('trust_answer', { name: about, endsAt: fromInstant(end) }, now)]
  })
}

/** Each list that the policy names and that was believed once, at its next update. */
function listsOf(trust: TrustPolicy, rows: Held['lists'], now: number): readonly Expiry[] {
  return allLists(trust.lists, readStoredLists(rows)).flatMap(({ id, url }) => {
    const end = rows.find((row) => row.url === url)?.next_update ?? undefined
    if (end === undefined) return []
    return [expiryOf('trusted_list', { name: id, endsAt: fromInstant(end) }, now)]
  })
}
