/** The registration certificates of a tenant at rest, as requests to wallets and policy documents see them. */

import { readCompact, readPayload } from '../crypto/jws.ts'
import {
  REGISTRATION_FORMAT,
  type RegisteredCredential,
  readRegistration,
} from '../domain/registration.ts'
import { fromInstant, type IsoInstant } from '../domain/time.ts'
import { LONGEST_REGISTRATION } from '../wallet/registration-certificate.ts'

export interface StoredRegistration {
  clientId: string
  format: string
  document: string
  /** Milliseconds since the epoch. */
  notAfter: number | undefined
  registered: readonly RegisteredCredential[] | undefined
}

/** Returns the rows with what they register; whoever stored them made sure that they can be read. */
export function readStoredRegistrations(
  rows: readonly {
    client_id: string
    format: string
    document: string
    not_after: IsoInstant | null
  }[],
): readonly StoredRegistration[] {
  return rows.map((row) => ({
    ...{ clientId: row.client_id, format: row.format, document: row.document },
    notAfter: row.not_after === null ? undefined : fromInstant(row.not_after),
    registered:
      row.format === REGISTRATION_FORMAT
        ? readRegistration(
            readPayload(readCompact(row.document, { maxBytes: LONGEST_REGISTRATION })),
          )
        : undefined,
  }))
}

/**
 * Returns those that go with a relying party's requests at a time: of each format its own, else the tenant's. One past its
 * end is left out, for wallets would refuse it; so the tenant's does not stand in for it either.
 */
export function registrationsFor(
  all: readonly StoredRegistration[],
  clientId: string,
  now: number,
): readonly StoredRegistration[] {
  const own = all.filter((one) => one.clientId === clientId)
  const common = all.filter(
    (one) => one.clientId === '' && !own.some(({ format }) => format === one.format),
  )
  return [...own, ...common].filter(({ notAfter }) => notAfter === undefined || now < notAfter)
}

/** Returns what each of the rows registers, where it says so. */
export function registeredIn(
  rows: Parameters<typeof readStoredRegistrations>[0],
): readonly (readonly RegisteredCredential[])[] {
  return readStoredRegistrations(rows).flatMap(({ registered }) =>
    registered === undefined ? [] : [registered],
  )
}
