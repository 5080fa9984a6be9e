/** SD-JWT VCs and their presentations (RFC 9901, SD-JWT VC), honest but for what is asked to be different. */
import { createHash } from 'node:crypto'
import { encode, type Members, signJwt } from './jose.ts'
import type { SigningKey } from './seed.ts'
import { SD_JWT, type SdJwtVariant } from './variants.ts'
import { type CertifiedIssuer, ISSUER_URL, type World } from './world.ts'

export interface SdJwtForgery {
  issuer?: CertifiedIssuer
  issuerKey?: SigningKey
  header?: Members
  payload?: Members
  /** The disclosures that are signed, encoded. */
  signedDisclosures?: (list: string[]) => string[]
  issuerJwt?: (jwt: string) => string
  /** The disclosures that are shown, before the holder signs. */
  shown?: (list: string[]) => string[]
  bindingKey?: SigningKey
  bindingHeader?: Members
  bindingPayload?: Members
  bindingJwt?: (jwt: string) => string
  /** The disclosures, after the holder has signed. */
  shownAfter?: (list: string[]) => string[]
  /** The whole presentation. */
  whole?: (presentation: string) => string
}

/** Of whom, to whom. */
export interface Bound {
  holder: SigningKey
  audience: string
  nonce: string
  /** Top-level claims that were asked for. */
  names: readonly string[]
}

/** A presentation: issuer JWT, disclosures, key binding JWT. */
export function presentSdJwt(
  world: World,
  variant: SdJwtVariant,
  bound: Bound,
  forgery: SdJwtForgery = {},
): string {
  const { jwt, disclosures } = issue(world, variant, bound, forgery)
  const asked = disclosures.filter((text) => bound.names.includes(nameIn(text)))
  const shown = forgery.shown?.(asked) ?? asked
  const signed = [jwt, ...shown, ''].join('~')
  const payload = {
    iat: world.now,
    aud: bound.audience,
    nonce: bound.nonce,
    sd_hash: digestOf(signed),
    ...forgery.bindingPayload,
  }
  const header = { alg: 'ES256', typ: 'kb+jwt', ...forgery.bindingHeader }
  const binding = signJwt(header, payload, forgery.bindingKey ?? bound.holder)
  const after = forgery.shownAfter?.(shown) ?? shown
  const whole = [jwt, ...after, forgery.bindingJwt?.(binding) ?? binding].join('~')
  return forgery.whole?.(whole) ?? whole
}

function issue(
  world: World,
  variant: SdJwtVariant,
  bound: Bound,
  forgery: SdJwtForgery,
): { jwt: string; disclosures: string[] } {
  const { issuer = world.sdJwt } = forgery
  const hidden = Object.entries(variant.claims).filter(([name]) => !variant.plain.includes(name))
  const honest = hidden.map(([name, value]) =>
    disclosureOf(world, [variant.name, name], name, value),
  )
  const disclosures = forgery.signedDisclosures?.(honest) ?? honest
  const payload = {
    ...{ iss: ISSUER_URL, vct: variant.vct, _sd_alg: 'sha-256' },
    ...{ iat: world.now - 3600, exp: world.now + 30 * 86_400, cnf: { jwk: bound.holder.jwk } },
    ...Object.fromEntries(variant.plain.map((name) => [name, variant.claims[name]])),
    _sd: disclosures.map(digestOf).toSorted(),
    ...forgery.payload,
  }
  const x5c = issuer.chain.map((der) => Buffer.from(der).toString('base64'))
  const header = { alg: 'ES256', typ: SD_JWT, x5c, ...forgery.header }
  const jwt = signJwt(header, payload, forgery.issuerKey ?? issuer.key)
  return { jwt: forgery.issuerJwt?.(jwt) ?? jwt, disclosures }
}

/** One disclosure, its salt out of the seed. */
export function disclosureOf(
  world: World,
  label: readonly string[],
  ...content: readonly unknown[]
): string {
  const salt = Buffer.from(world.seed.bytes(`salt ${label.join(' ')}`, 16)).toString('base64url')
  return encode([salt, ...content])
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function nameIn(disclosure: string): string {
  const parts = JSON.parse(Buffer.from(disclosure, 'base64url').toString('utf8')) as unknown[]
  return parts.length === 3 ? String(parts[1]) : ''
}
