/** The parameter `claims` of an authorization request (OpenID Connect Core 5.5): claims asked for by name, and where. */
import { z } from 'zod'
import { parseStrictJson, StrictJsonError } from './strict-json.ts'

/** Names of claims in the tenant's rules, by where they shall go. */
export interface NamedClaims {
  idToken: readonly string[]
  userinfo: readonly string[]
}

export interface ClaimsRequest {
  named: NamedClaims
  /** Undefined where none is named. */
  acr: { values: readonly string[]; essential: boolean } | undefined
  /** The time of the login is essential: it has to be said (Core 2). */
  authTime: true | undefined
  /** Who has to be logged in: one of these. Undefined where nobody is named. */
  subjects: readonly string[] | undefined
}

/** What of a login goes where, beside what its scopes release; its grant keeps it. */
export interface LoginClaims extends NamedClaims {
  /** Nothing else, for the person was asked; undefined where nobody is. */
  agreed?: readonly string[] | undefined
}

const NOTHING_NAMED: NamedClaims = { idToken: [], userinfo: [] }

/** The same as a column; null where there is nothing to say. */
export function loginClaimsText(
  named: NamedClaims = NOTHING_NAMED,
  agreed: readonly string[] | undefined,
): string | null {
  const { idToken, userinfo } = named
  const any = idToken.length + userinfo.length > 0
  return any || agreed !== undefined ? JSON.stringify({ idToken, userinfo, agreed }) : null
}

export function readLoginClaims(text: string | null): LoginClaims {
  return text === null ? NOTHING_NAMED : (JSON.parse(text) as LoginClaims)
}

/** Every claim that is named, wherever it shall go. */
export function allNamed({ idToken, userinfo }: NamedClaims = NOTHING_NAMED): readonly string[] {
  return [...idToken, ...userinfo]
}

const MAX_DEPTH = 6

/** `essential` and `value` of what we know of people change nothing: a claim that is not there is left out, and is no error (5.5.1). */
const AboutClaim = z.looseObject({ essential: z.boolean().optional() }).nullable()
const texts = z.array(z.string().max(512)).max(100)
const AboutText = z
  .looseObject({
    essential: z.boolean().optional(),
    value: z.string().max(512).optional(),
    values: texts.optional(),
  })
  .nullable()
const Place = z.record(z.string(), z.unknown()).nullish()
const Claims = z.looseObject({ id_token: Place, userinfo: Place })

/**
 * What the text asks for, as far as it is understood here; claims that no rule has are passed over (5.5). Undefined for
 * what is no such text: bad JSON, one member twice, a claim we know that is neither null nor an object.
 */
export function readClaimsRequest(
  text: string,
  known: ReadonlySet<string>,
): ClaimsRequest | undefined {
  const read = Claims.safeParse(parse(text))
  if (!read.success) return undefined
  const [idToken, userinfo] = [read.data.id_token ?? {}, read.data.userinfo ?? {}]
  const named = { idToken: namesIn(idToken, known), userinfo: namesIn(userinfo, known) }
  const acr = AboutText.optional().safeParse(idToken.acr)
  const subjects = [idToken.sub, userinfo.sub].map((sub) => AboutText.optional().safeParse(sub))
  if (named.idToken === undefined || named.userinfo === undefined || !acr.success) return undefined
  if (subjects.some(({ success }) => !success)) return undefined
  const [first, second] = subjects.map(({ data }) => valuesOf(data))
  const values = valuesOf(acr.data)
  return {
    named: { idToken: named.idToken, userinfo: named.userinfo },
    acr: values && { values, essential: acr.data?.essential === true },
    authTime: isEssential(idToken.auth_time) || undefined,
    subjects: commonTo(first, second),
  }
}

function parse(text: string): unknown {
  try {
    return parseStrictJson(text, { maxDepth: MAX_DEPTH })
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
    return undefined
  }
}

function namesIn(
  place: { readonly [name: string]: unknown },
  known: ReadonlySet<string>,
): string[] | undefined {
  const asked = Object.entries(place).filter(([name]) => known.has(name))
  if (asked.some(([, about]) => !AboutClaim.safeParse(about).success)) return undefined
  return asked.map(([name]) => name)
}

function isEssential(about: unknown): boolean {
  return AboutClaim.safeParse(about).data?.essential === true
}

function valuesOf(about: z.output<typeof AboutText> | undefined): readonly string[] | undefined {
  return about?.values ?? (about?.value === undefined ? undefined : [about.value])
}

/** What both name; where one names nothing, what the other does. */
export function commonTo(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
): readonly string[] | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one.filter((value) => other.includes(value))
}
