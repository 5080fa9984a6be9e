/**
 * A registration certificate as it is configured (ETSI TS 119 475, JWT form). It is signed for wallets, which know the
 * registrars; we read what it registers and until when, and send it on as it is.
 */
import { JwsError, readCompact, readPayload } from '../crypto/jws.ts'
import { fail } from '../domain/failure.ts'
import {
  REGISTRATION_FORMAT,
  type RegisteredCredential,
  readRegistration,
} from '../domain/registration.ts'
import { SECOND } from '../domain/time.ts'

/** Characters of one certificate at most: it travels with every request. */
export const LONGEST_REGISTRATION = 16 * 1024

export interface RegistrationCertificate {
  /** Milliseconds since the epoch; undefined where it names no end. */
  notAfter: number | undefined
  /** What may be asked for; undefined for another format, which says nothing of that. */
  registered: readonly RegisteredCredential[] | undefined
}

/**
 * Returns what a certificate says. `now` in milliseconds. Throws `policy_refused`: not a compact JWS, past its end, or one of
 * the format of registration certificates that names no credentials.
 */
export function readRegistrationCertificate(
  format: string,
  document: string,
  now: number,
): RegistrationCertificate {
  const payload = payloadOf(document)
  const { exp } = payload
  if (exp !== undefined && (typeof exp !== 'number' || exp * SECOND <= now)) {
    refuse('document: it is past its end')
  }
  const notAfter = typeof exp === 'number' ? exp * SECOND : undefined
  if (format !== REGISTRATION_FORMAT) return { notAfter, registered: undefined }
  const registered = readRegistration(payload)
  return registered === undefined
    ? refuse('document: it does not say which credentials and claims are registered')
    : { notAfter, registered }
}

function payloadOf(document: string) {
  try {
    return readPayload(readCompact(document, { maxBytes: LONGEST_REGISTRATION }))
  } catch (error) {
    if (!(error instanceof JwsError)) throw error
    return refuse('document: not a compact JWS of at most 16 KiB')
  }
}

function refuse(problem: string): never {
  return fail({ kind: 'policy_refused', problems: [problem] })
}
