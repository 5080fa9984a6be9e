/**
 * Issuers that a federation vouches for (OpenID Federation 1.0), as an entry of the trust policy names them: who is at the top,
 * with keys that were told out of band, and which issuers may be asked at all.
 */
import { z } from 'zod'

const entity = z
  .string()
  .max(1024)
  .refine(isEntityUrl, 'an https URL without user, query or fragment')

/** A public key by whom an anchor's statements are signed; which members it needs is said by its kind. */
const publicKey = z.strictObject({
  kty: z.enum(['EC', 'OKP', 'RSA']),
  kid: z.string().min(1).max(256),
  crv: z.string().max(32).optional(),
  x: z.string().max(256).optional(),
  y: z.string().max(256).optional(),
  n: z.string().max(2048).optional(),
  e: z.string().max(16).optional(),
  alg: z.string().max(32).optional(),
  use: z.literal('sig').optional(),
})

/** What every entry by federation says, whatever the format of its credentials. */
export const federated = {
  mechanism: z.literal('openid-federation'),
  trustAnchors: z
    .array(z.strictObject({ entity, keys: z.array(publicKey).min(1).max(10) }))
    .min(1)
    .max(5),
  /**
   * Entity identifiers of issuers, or `.example.org` for all on hosts below that domain. Nobody else is asked: whom a wallet
   * names is a stranger until then.
   */
  issuers: z
    .array(
      z.union([
        entity,
        z
          .string()
          .max(253)
          .regex(/^(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){2,}$/),
      ]),
    )
    .min(1)
    .max(100),
  /** Entity types of whose metadata the keys are; the first that an issuer has. */
  entityTypes: z
    .array(z.string().regex(/^[a-z0-9_-]{1,64}$/))
    .min(1)
    .max(5)
    .default(['openid_credential_issuer', 'vc_issuer']),
  /** Trust marks that an issuer must have, each by its type. */
  trustMarks: z.array(z.string().min(1).max(1024)).max(10).default([]),
}

/** Whether an issuer is one of those that an entry names. */
export function isUnderIssuers(issuer: string, names: readonly string[]): boolean {
  if (names.includes(issuer)) return true
  if (!isEntityUrl(issuer) || issuer.length > 1024) return false
  const { hostname } = new URL(issuer)
  return names.some((name) => name.startsWith('.') && hostname.endsWith(name))
}

/** A canonical https URL, or one of this machine's own, which the guard refuses unless the service was started for development. */
function isEntityUrl(text: string): boolean {
  const url = URL.parse(text)
  const isLoopback = url?.protocol === 'http:' && url.hostname === '127.0.0.1'
  return (
    (url?.protocol === 'https:' || isLoopback) &&
    url.username === '' &&
    url.password === '' &&
    !/[?#]/.test(text) &&
    (url.href === text || url.href === `${text}/`)
  )
}
