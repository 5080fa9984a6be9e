/** A new relying party as a request describes it, judged as a whole; whoever asks, administrator or the client itself. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import {
  type Capabilities,
  judgeCapabilities,
  NO_SECTOR,
  PLAIN,
  PUBLIC_SECTOR,
} from '../domain/client-capabilities.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId } from '../domain/ids.ts'
import type { ClientAuthentication, RelyingParty } from '../domain/relying-party.ts'
import type { JsonObject } from '../domain/text.ts'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'
import {
  chooseSector,
  judgeKeys,
  judgeRedirectUris,
  makeSecret,
  type Registered,
} from './relying-party-draft.ts'

/** What is absent of the capabilities is as {@link PLAIN} has it. */
export interface RelyingPartyRequest extends Partial<Capabilities> {
  /** Undefined: a random one. */
  clientId: string | undefined
  name: string
  redirectUris: readonly string[]
  authentication: ClientAuthentication
  jwks: { keys: readonly JsonObject[] } | undefined
  idTokenAlgorithm: TokenAlgorithm
  requirePkce: boolean
  claimsInIdToken: boolean
  sector: string | undefined
  purpose: { en: string; nl: string } | undefined
}

type Asked = Capabilities & Pick<RelyingPartyRequest, 'redirectUris' | 'sector'>

/**
 * The registration with its secret, if it has one. A declared sector is looked up now, through the guard. Throws
 * `invalid_request`, and `outbound_refused` when the sector's document cannot be had, or nobody would ask at its `jwks_uri`.
 */
export async function draftRelyingParty(
  means: Pick<Deps, 'outbound'>,
  issuer: string,
  request: RelyingPartyRequest,
): Promise<Registered> {
  const { clientId, jwks: sent, ...asked } = request
  const { redirectUris, authentication } = request
  judgeRedirectUris(redirectUris)
  const { jwksUri } = request
  const jwks = judgeKeys(authentication, sent, jwksUri !== undefined)
  if (jwksUri !== undefined) means.outbound.checkUrl(jwksUri)
  const secret = makeSecret(authentication)
  const capable = { ...PLAIN, ...asked }
  const relyingParty = judgeCapabilities(
    {
      ...capable,
      clientId: (clientId ?? newId()) as ClientId,
      secretHashes: secret === undefined ? [] : [secret.hash],
      jwks: jwks === null ? undefined : (JSON.parse(jwks) as NonNullable<RelyingParty['jwks']>),
      requirePkce: request.requirePkce || authentication === 'none',
      sector: sectorOf(capable),
      enabled: true,
      parity: { state: 'off' },
    },
    { issuer },
  )
  await checkSectorDocument(means, relyingParty)
  return { relyingParty, clientSecret: secret?.secret }
}

function sectorOf({ grantTypes, subjectType, sectorIdentifierUri, ...asked }: Asked): string {
  // Without redirect URIs there is no login: refused with a better word where one was asked for.
  if (!grantTypes.includes('authorization_code') || asked.redirectUris.length === 0)
    return NO_SECTOR
  if (sectorIdentifierUri !== undefined && asked.sector !== undefined)
    refuse('sector: not beside sector_identifier_uri')
  if (subjectType === 'public') return PUBLIC_SECTOR
  if (sectorIdentifierUri === undefined) return chooseSector(asked.redirectUris, asked.sector)
  if (!URL.canParse(sectorIdentifierUri)) refuse('sector_identifier_uri: not a URL')
  return new URL(sectorIdentifierUri).hostname
}

const SECTOR_DOCUMENT = { maxBytes: 64 * 1024, contentTypes: ['application/json'] }

/**
 * Returns when the document at the sector identifier URI lists every redirect URI: whoever holds that host vouches for all
 * of them (OpenID Connect Registration 5, protocols OP-62). Throws `outbound_refused`, `invalid_request`.
 */
export async function checkSectorDocument(
  means: Pick<Deps, 'outbound'>,
  relyingParty: Pick<RelyingParty, 'sectorIdentifierUri' | 'redirectUris'>,
): Promise<void> {
  const { sectorIdentifierUri, redirectUris } = relyingParty
  if (sectorIdentifierUri === undefined) return
  const listed = await means.outbound.fetchJson(sectorIdentifierUri, SECTOR_DOCUMENT)
  if (!Array.isArray(listed) || redirectUris.some((uri) => !listed.includes(uri)))
    refuse('sector_identifier_uri: the document does not list every redirect URI')
}

function refuse(detail: string): never {
  return fail({ kind: 'invalid_request', detail })
}
