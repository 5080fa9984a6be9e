/** What a case is: one answer to one request, with what a verifier must make of it; and how honest answers are put together. */
import { encrypt, type JweForgery } from './jose.ts'
import { type JwtVcForgery, presentJwtVc } from './jwt-vc.ts'
import { type MdocForgery, presentMdoc } from './mdoc.ts'
import { audienceOf, type CredentialQuery, type VpRequest } from './request.ts'
import { presentSdJwt, type SdJwtForgery } from './sd-jwt.ts'
import type { SigningKey } from './seed.ts'
import { type Format, JWT_VC, MDOC, SD_JWT, VARIANTS, type Variant } from './variants.ts'
import type { World } from './world.ts'

/** One request in hand, and the keys of this presentation: a fresh holder key each, as wallets with batches have. */
export interface Situation {
  world: World
  request: VpRequest
  holder: SigningKey
  /** Somebody else's key. */
  other: SigningKey
  /** Names the case, for everything that has to be fresh. */
  label: string
}

export interface Case {
  name: string
  /** The format that a request has to ask for; any will do for a case about the response itself. */
  format: Format | 'any'
  variant?: string
  /** `accepted`, or the word that identity-bridge writes into its audit trail; `none`: refused before a login is known. */
  expect: string
  /** Whether a request lets wallets do what the case does; without it, all do. */
  isAsked?: (request: VpRequest) => boolean
  /** The body of the answer, form-encoded. */
  answer(situation: Situation): string
}

/** The query of a request that a variant answers, if there is one. */
export function queryFor(request: VpRequest, variant: Variant): CredentialQuery | undefined {
  return request.dcql_query.credentials.find(({ format, meta }) => {
    if (format !== variant.format) return false
    if (variant.format === SD_JWT) return meta.vct_values?.includes(variant.vct) ?? false
    if (variant.format === MDOC) return meta.doctype_value === variant.docType
    return meta.type_values?.some((types) => types.includes(variant.type)) ?? false
  })
}

/** A variant of the format (or of this name) that the request asks for. */
export function variantFor(
  request: VpRequest,
  format: Format | 'any',
  name?: string,
): Variant | undefined {
  return VARIANTS.find(
    (each) =>
      (format === 'any' || each.format === format) &&
      (name === undefined || each.name === name) &&
      queryFor(request, each) !== undefined,
  )
}

/** Whether a request asks for what a case shows, and lets wallets do what it does. */
export function isAskedFor(
  request: VpRequest,
  { format, variant, isAsked }: Pick<Case, 'format' | 'variant' | 'isAsked'>,
): boolean {
  return variantFor(request, format, variant) !== undefined && isAsked?.(request) !== false
}

export interface Forgeries {
  sdJwt?: SdJwtForgery
  mdoc?: MdocForgery
  jwtVc?: JwtVcForgery
}

/** The presentation of one variant. */
export function present(situation: Situation, variant: Variant, forgery: Forgeries = {}): string {
  const { world, request, holder } = situation
  const claims = queryFor(request, variant)?.claims ?? []
  const bound = { holder, audience: audienceOf(request), nonce: request.nonce }
  if (variant.format === SD_JWT) {
    const names = claims.map(({ path }) => String(path[0]))
    return presentSdJwt(world, variant, { ...bound, names }, forgery.sdJwt)
  }
  if (variant.format === MDOC) {
    const names = claims.map(({ path }) => String(path[1]))
    return presentMdoc(world, variant, { request, holder, names }, forgery.mdoc)
  }
  return presentJwtVc(world, variant, bound, forgery.jwtVc)
}

/** What is to be different about the response around the presentations. */
export interface ResponseForgery extends JweForgery {
  vpToken?: unknown
  state?: string | undefined
  mode?: 'direct_post' | 'direct_post.jwt'
  /** In place of the JSON inside the JWE. */
  plaintext?: string
  /** The parameters of the form, before they are joined. */
  form?: (parameters: [string, string][]) => [string, string][]
  /** In place of everything. */
  body?: string
}

/** The form-encoded body for a vp_token. */
export function bodyOf(
  situation: Situation,
  vpToken: unknown,
  forgery: ResponseForgery = {},
): string {
  const { request } = situation
  const token = 'vpToken' in forgery ? forgery.vpToken : vpToken
  const state = 'state' in forgery ? forgery.state : request.state
  const mode = forgery.mode ?? request.response_mode
  const parameters: [string, string][] =
    mode === 'direct_post.jwt'
      ? [['response', sealedFor(situation, { vp_token: token, state }, forgery)]]
      : [
          ['vp_token', JSON.stringify(token)],
          ...(state === undefined ? [] : [pair('state', state)]),
        ]
  return forgery.body ?? new URLSearchParams(forgery.form?.(parameters) ?? parameters).toString()
}

const pair = (name: string, value: string): [string, string] => [name, value]

/** A JWE of the content for the request's key. */
export function sealedFor(
  { request, world, label }: Situation,
  content: object,
  forgery: JweForgery & { plaintext?: string } = {},
): string {
  const [key] = request.client_metadata?.jwks?.keys ?? []
  if (key === undefined) throw new Error('the request has no encryption key')
  return encrypt(forgery.plaintext ?? JSON.stringify(content), key, world.seed, label, forgery)
}

/** The whole answer with one presentation of the case's format. */
export function answerWith(
  situation: Situation,
  of: Pick<Case, 'format' | 'variant'>,
  forgery: Forgeries = {},
  response: ResponseForgery = {},
): string {
  return bodyOf(situation, tokenFor(situation, of, forgery), response)
}

/** A vp_token with one presentation of a format. */
export function tokenFor(
  situation: Situation,
  of: Pick<Case, 'format' | 'variant'>,
  forgery: Forgeries = {},
): Record<string, string[]> {
  const variant = variantFor(situation.request, of.format, of.variant)
  const query = variant && queryFor(situation.request, variant)
  if (variant === undefined || query === undefined)
    throw new Error('the request asks for no such credential')
  return { [query.id]: [present(situation, variant, forgery)] }
}

/** An honest answer for every variant there is. */
export function honestCases(): Case[] {
  return VARIANTS.map(({ name, format }) => ({
    ...{ name: `honest-${name}`, format, variant: name, expect: 'accepted' },
    answer: (situation) => answerWith(situation, { format, variant: name }),
  }))
}

type Row<Forgery> = readonly [
  name: string,
  expect: string,
  forge: Forgery | ((situation: Situation) => Forgery),
]

/** Cases of one format out of a table. */
export function casesOf<Kind extends 'sdJwt' | 'mdoc' | 'jwtVc'>(
  kind: Kind,
  rows: readonly Row<NonNullable<Forgeries[Kind]>>[],
  more: Pick<Case, 'variant' | 'isAsked'> = {},
): Case[] {
  const format = ({ sdJwt: SD_JWT, mdoc: MDOC, jwtVc: JWT_VC } as const)[kind]
  const prefix = ({ sdJwt: 'sd-jwt', mdoc: 'mdoc', jwtVc: 'jwt-vc' } as const)[kind]
  return rows.map(([name, expect, forge]) => {
    const of = { format, ...more }
    return {
      ...{ name: `${prefix}-${name}`, expect, ...of },
      answer: (situation) => {
        const forgery = typeof forge === 'function' ? forge(situation) : forge
        return answerWith(situation, of, { [kind]: forgery })
      },
    }
  })
}
