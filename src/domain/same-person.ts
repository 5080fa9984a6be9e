/**
 * The same-person guard: what wallet and institution both state about who somebody is must agree, or nothing is linked
 * (protocols 11 row 26; IT-03). And between credentials that several keys hold: what makes them one person's (VP-095). All go
 * through one normaliser, the one that identifiers are made with.
 */
import { shownValues } from './attribute-values.ts'
import type { AttributePolicy, AttributeRule, Attributes } from './attributes.ts'
import {
  normaliseDate,
  normaliseEmail,
  normaliseExact,
  normaliseName,
  normaliseTaxCode,
} from './normalise.ts'
import type { Json, JsonObject } from './text.ts'

type Comparing = Exclude<NonNullable<AttributeRule['compare']>, 'no'>

/** Attributes that say who somebody is, by the names they usually have; a rule's own `compare` comes first. */
const USUALLY: { readonly [name: string]: Comparing } = {
  ...{ given_name: 'name', family_name: 'name', name: 'name' },
  ...{ birthdate: 'date', birth_date: 'date', date_of_birth: 'date' },
  ...{ eduid: 'exact', eduperson_principal_name: 'email', schac_personal_unique_code: 'exact' },
  ...{ personal_administrative_number: 'exact', tax_id_code: 'tax_code_it' },
}

function comparingOf(rule: AttributeRule): Comparing | undefined {
  if (rule.compare !== undefined) return rule.compare === 'no' ? undefined : rule.compare
  return Object.hasOwn(USUALLY, rule.name) ? USUALLY[rule.name] : undefined
}

/**
 * Names of the attributes on which wallet and institution disagree, in the order of the rules. What only one side states
 * is no disagreement; what both state and one states in a form that cannot be read is, unless it is the very same.
 */
export function conflictingAttributes(
  policy: AttributePolicy,
  wallet: Attributes,
  provider: Attributes,
): string[] {
  return policy.rules
    .filter((rule) => {
      const comparing = comparingOf(rule)
      const [shown, told] = [wallet[rule.name], provider[rule.name]]
      if (comparing === undefined || shown === undefined || told === undefined) return false
      return !agree(shown, told, comparing)
    })
    .map(({ name }) => name)
}

/** Several values agree with others when one of them is on both sides: a person may have two codes. */
function agree(shown: Json, told: Json, comparing: Comparing): boolean {
  const [ours, theirs] = [asList(shown), asList(told)]
  return ours.some((one) => theirs.some((other) => isSame(one, other, comparing)))
}

function isSame(one: Json, other: Json, comparing: Comparing): boolean {
  if (one === other) return true
  if (typeof one !== 'string' || typeof other !== 'string') return false
  const first = readAs(one, comparing)
  return first !== undefined && first === readAs(other, comparing)
}

function readAs(value: string, comparing: Comparing): string | undefined {
  switch (comparing) {
    case 'name':
      return normaliseName(value, { case: true, diacritics: true })
    case 'date':
      return normaliseDate(value)
    case 'exact':
      return normaliseExact(value)
    case 'email':
      return normaliseEmail(value)
    case 'tax_code_it':
      return normaliseTaxCode(value)
  }
}

function asList(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [value]
}

/**
 * Whether credentials that several keys hold are one person's: each states every attribute of `samePerson` as one text, and all
 * of them alike (VP-095). What one leaves out is no agreement, unlike above: nothing else holds them together. False where the
 * policy names no such attribute.
 */
export function areOnePerson(
  { rules, samePerson = [] }: AttributePolicy,
  credentials: readonly { claims: JsonObject }[],
): boolean {
  const named = rules.filter(({ name }) => samePerson.includes(name))
  return named.length > 0 && named.every((rule) => allState(rule, credentials))
}

function allState(rule: AttributeRule, credentials: readonly { claims: JsonObject }[]): boolean {
  const comparing = comparingOf(rule) ?? 'exact'
  const texts = credentials.flatMap(({ claims }) => {
    const values = shownValues(rule, claims)
    return values.length === 0
      ? [undefined]
      : values.map((value) => (typeof value === 'string' ? readAs(value, comparing) : undefined))
  })
  return texts[0] !== undefined && texts.every((text) => text === texts[0])
}
