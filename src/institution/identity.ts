/**
 * Judging a provider's answer: is it fresh, is the login strong enough, is it from an institution of this tenant, and
 * which value says who the person is. Pure; `exchangeCode` has already made sure that the answer is authentic.
 */
import { fail, type InstitutionReason } from '../domain/failure.ts'
import { normaliseEmail } from '../domain/normalise.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { MINUTE, SECOND } from '../domain/time.ts'
import type { TokenAnswer } from './exchange.ts'

/** What the provider's row asks of a login. */
export interface IdentityRules {
  /** The claim that says who the person is: `sub` unless the provider has a better one, such as `subject_id`. */
  readonly identifierAttribute: string
  /** One of these has to be among the values of `acr`, exactly. */
  readonly expectedAcr?: readonly string[] | undefined
  /** All of these have to be in `amr`, exactly. */
  readonly expectedAmr?: readonly string[] | undefined
  /** Values of `schac_home_organization` that belong to the tenant; undefined for a provider that is one institution. */
  readonly allowedOrganizations?: readonly string[] | undefined
  /** Whether this provider's verified addresses are proof, as its registration says. */
  readonly emailIsProof?: boolean | undefined
  /** Set exactly when `max_age` was sent. */
  readonly maxAgeSeconds?: number | undefined
}

export interface InstitutionIdentity {
  readonly issuer: string
  /** The value of `identifierAttribute`, byte for byte. */
  readonly subject: string
  readonly identifierAttribute: string
  /** How the person may be shown this account: a name or an address, else the organisation, else the issuer's host. */
  readonly label: string
  /** ID token and userinfo together, protocol claims apart. An `email_verified` in it proves nothing (UP-62). */
  readonly claims: JsonObject
  /** Normalised; only where the provider's addresses are proof and this one was verified. */
  readonly email?: string
  /** As received. */
  readonly acr?: string
  /** Split at single spaces: SURFconext joins several. */
  readonly acrValues: readonly string[]
  readonly amr: readonly string[]
  /** Seconds. */
  readonly authTime?: number
}

/** About the message, not the person. `acr`, `amr` and `auth_time` are read from the signed token alone. */
const PROTOCOL_CLAIMS = new Set([
  ...['iss', 'aud', 'exp', 'iat', 'nbf', 'jti', 'nonce', 'azp', 'at_hash', 'c_hash', 's_hash'],
  ...['sid', 'acr', 'amr', 'auth_time', 'typ', 'events', 'cnf', '_claim_names', '_claim_sources'],
])

/**
 * Claims that describe a person without being one: self-asserted, changeable, shared, or given to somebody else later
 * (protocols UP-47, UP-62, UP-65; threats 23 and 24).
 */
const NOT_IDENTIFYING = new Set([
  ...['email', 'email_verified', 'phone_number', 'phone_number_verified', 'address', 'birthdate'],
  ...['name', 'given_name', 'family_name', 'middle_name', 'nickname', 'preferred_username'],
  ...[
    'gender',
    'locale',
    'zoneinfo',
    'picture',
    'profile',
    'website',
    'updated_at',
    'date_of_birth',
  ],
  ...['eduperson_principal_name', 'uids', 'preferred_language', 'eduperson_affiliation'],
  ...['eduperson_scoped_affiliation', 'eduperson_entitlement', 'eduperson_assurance'],
  ...['edumember_is_member_of', 'schac_home_organization', 'schac_home_organization_type'],
  ...['surf-crm-id', 'surf-autorisaties'],
])

const SKEW_SECONDS = 60
const MAX_TOKEN_AGE_SECONDS = (10 * MINUTE) / SECOND
const MAX_SUBJECT_LENGTH = 255
const MAX_LABEL_LENGTH = 200

/** Whether a provider may be configured to identify people by this claim. To be asked at registration. */
export function mayIdentify(attribute: string): boolean {
  return attribute !== '' && !NOT_IDENTIFYING.has(attribute) && !PROTOCOL_CLAIMS.has(attribute)
}

/**
 * Who the provider says was there, `now` in milliseconds (protocols UP-34, UP-36, UP-39, UP-45, UP-46, UP-62, UP-65,
 * UP-69). Throws `institution_refused`: `id_token_invalid` for times, `assurance_insufficient`,
 * `institution_not_allowed`, `subject_missing`.
 */
export function readIdentity(
  answer: TokenAnswer,
  rules: IdentityRules,
  now: number,
): InstitutionIdentity {
  judgeTimes(answer.idToken, rules.maxAgeSeconds, now / SECOND)
  const assurance = readAssurance(answer.idToken)
  judgeAssurance(assurance, rules)
  const claims = mergeClaims(answer)
  judgeOrganization(claims, rules.allowedOrganizations)
  return {
    issuer: answer.issuer,
    subject: readSubject(claims, rules.identifierAttribute),
    identifierAttribute: rules.identifierAttribute,
    label: chooseLabel(claims, answer.issuer),
    claims,
    ...readEmail(answer, rules),
    ...assurance,
  }
}

function judgeTimes(claims: JsonObject, maxAgeSeconds: number | undefined, now: number): void {
  const { exp, iat, nbf = iat, auth_time: authTime } = claims
  if (!isSeconds(exp) || !isSeconds(iat) || !isSeconds(nbf)) refuse('id_token_invalid')
  if (exp <= now - SKEW_SECONDS) refuse('id_token_invalid')
  if (Math.max(iat, nbf) > now + SKEW_SECONDS) refuse('id_token_invalid')
  if (iat < now - MAX_TOKEN_AGE_SECONDS - SKEW_SECONDS) refuse('id_token_invalid')
  if (authTime === undefined && maxAgeSeconds === undefined) return
  if (!isSeconds(authTime) || authTime > now + SKEW_SECONDS) refuse('id_token_invalid')
  const oldest = maxAgeSeconds === undefined ? 0 : now - maxAgeSeconds - SKEW_SECONDS
  if (authTime < oldest) refuse('id_token_invalid')
}

type Assurance = Pick<InstitutionIdentity, 'acr' | 'acrValues' | 'amr' | 'authTime'>

/** What cannot be read counts as not said, so that a demand for it fails (threat 31). */
function readAssurance({ acr, amr, auth_time: authTime }: JsonObject): Assurance {
  const methods = Array.isArray(amr) && amr.every((method) => typeof method === 'string') ? amr : []
  return {
    ...(typeof acr === 'string' ? { acr } : {}),
    acrValues: typeof acr === 'string' ? acr.split(' ').filter((value) => value !== '') : [],
    amr: methods,
    ...(isSeconds(authTime) ? { authTime } : {}),
  }
}

function judgeAssurance({ acrValues, amr }: Assurance, rules: IdentityRules): void {
  const { expectedAcr, expectedAmr = [] } = rules
  if (expectedAcr !== undefined && !expectedAcr.some((value) => acrValues.includes(value))) {
    refuse('assurance_insufficient')
  }
  if (!expectedAmr.every((method) => amr.includes(method))) refuse('assurance_insufficient')
}

/** Where both speak, the signed token is heard. */
function mergeClaims({ idToken, userinfo }: TokenAnswer): JsonObject {
  const claims: { [name: string]: Json } = Object.create(null)
  for (const [name, value] of Object.entries({ ...userinfo, ...idToken })) {
    if (!PROTOCOL_CLAIMS.has(name)) claims[name] = value
  }
  return claims
}

/** A federation's login proves an institution, not this one (UP-69). Domain names do not differ by case. */
function judgeOrganization(claims: JsonObject, allowed: readonly string[] | undefined): void {
  if (allowed === undefined) return
  const home = claims.schac_home_organization
  if (typeof home !== 'string') refuse('institution_not_allowed')
  if (!allowed.some((name) => name.toLowerCase() === home.toLowerCase())) {
    refuse('institution_not_allowed')
  }
}

/** One value, whole, or nothing: an empty one or several would link the wrong person. */
function readSubject(claims: JsonObject, attribute: string): string {
  if (!mayIdentify(attribute)) refuse('subject_missing')
  const claim = claims[attribute]
  const value = Array.isArray(claim) && claim.length === 1 ? claim[0] : claim
  if (typeof value !== 'string' || value.trim() === '') refuse('subject_missing')
  if (value.length > MAX_SUBJECT_LENGTH || /[\p{Cc}\p{Cs}]/u.test(value)) refuse('subject_missing')
  return value
}

/** Hubs that hand on what others, or people themselves, say: no `email_verified` of theirs proves anything (UP-62). */
const HAND_ON = ['surfconext.nl', 'eduid.nl']

/**
 * Whether a provider may be registered as one whose verified addresses are proof: not one that speaks for several institutions,
 * and none that is known to hand on what it never verified.
 */
export function mayProveEmail(
  issuer: string,
  allowedOrganizations: readonly string[] | undefined,
): boolean {
  const host = URL.parse(issuer)?.hostname ?? ''
  return (
    allowedOrganizations === undefined &&
    !HAND_ON.some((hub) => host === hub || host.endsWith(`.${hub}`))
  )
}

/** Address and its verification have to be of one message. */
function readEmail({ idToken, userinfo }: TokenAnswer, rules: IdentityRules): { email?: string } {
  if (rules.emailIsProof !== true) return {}
  const said = idToken.email === undefined ? userinfo : idToken
  const { email, email_verified: isVerified } = said ?? {}
  if (isVerified !== true || typeof email !== 'string') return {}
  const address = normaliseEmail(email)
  return address === undefined ? {} : { email: address }
}

function chooseLabel(claims: JsonObject, issuer: string): string {
  const candidates = ['name', 'preferred_username', 'email', 'schac_home_organization']
  const found = candidates
    .map((name) => claims[name])
    .find((value) => typeof value === 'string' && value.trim() !== '')
  return [...(typeof found === 'string' ? found.trim() : new URL(issuer).host)]
    .slice(0, MAX_LABEL_LENGTH)
    .join('')
}

function isSeconds(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function refuse(reason: InstitutionReason): never {
  fail({ kind: 'institution_refused', reason })
}
