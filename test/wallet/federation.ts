/**
 * A federation (OpenID Federation 1.0) of as many entities as a test wants, each with its own key, and each statement exactly
 * as asked for.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type JwsAlgorithm, signCompact } from '../../src/crypto/jws.ts'
import type { JsonObject } from '../../src/domain/text.ts'
import { newKey } from './world.ts'

export interface Entity {
  id: string
  key: KeyObject
  kid: string
  algorithm: JwsAlgorithm
}

export function createEntity(id: string, algorithm: JwsAlgorithm = 'ES256'): Entity {
  const key =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
      : newKey()
  return { id, key, kid: `key of ${id}`, algorithm }
}

export function jwksOf(...entities: readonly Pick<Entity, 'key' | 'kid'>[]) {
  const keys = entities.map(({ key, kid }) => {
    return { ...(createPublicKey(key).export({ format: 'jwk' }) as JsonObject), kid }
  })
  return { keys }
}

/** Members that differ from those of an honest statement; undefined leaves one out. */
export interface StatementForgery {
  claims?: object
  header?: object
  signer?: Entity
}

export function statementBy(
  signer: Entity,
  subject: Entity,
  now: number,
  forgery: StatementForgery = {},
): string {
  const seconds = Math.floor(now / 1000)
  const claims = {
    ...{ iss: signer.id, sub: subject.id, iat: seconds - 60, exp: seconds + 86_400 },
    jwks: jwksOf(subject),
    ...forgery.claims,
  }
  const by = forgery.signer ?? signer
  const header = { typ: 'entity-statement+jwt', kid: by.kid, ...forgery.header }
  const strip = (value: object) => JSON.parse(JSON.stringify(value)) as JsonObject
  return signCompact({
    ...{ header: strip(header), payload: strip(claims), key: by.key, algorithm: by.algorithm },
  })
}

/** What an entity says of itself. */
export function configurationOf(
  entity: Entity,
  now: number,
  { claims = {}, ...forgery }: StatementForgery & { hints?: readonly Entity[] } = {},
): string {
  const { hints = [], ...rest } = forgery
  const named = hints.length === 0 ? {} : { authority_hints: hints.map(({ id }) => id) }
  return statementBy(entity, entity, now, { ...rest, claims: { ...named, ...claims } })
}

export const fetchEndpoint = (entity: Entity) => `${entity.id}/fetch`
export const asSuperior = (entity: Entity) => ({
  metadata: { federation_entity: { federation_fetch_endpoint: fetchEndpoint(entity) } },
})
export const asIssuer = (...keys: readonly Pick<Entity, 'key' | 'kid'>[]) => ({
  metadata: { openid_credential_issuer: { jwks: jwksOf(...keys), credential_issuer: 'x' } },
})

/** Where each statement lies, for a verifier that fetches. */
export const configurationAt = ({ id }: Entity) => `${id}/.well-known/openid-federation`
export const aboutAt = (superior: Entity, subject: Entity) =>
  `${fetchEndpoint(superior)}?${new URLSearchParams({ sub: subject.id })}`
