/** The ways of linking that the population is put through: what a new tenant has by default, and two that know more. */

import type { Issuer } from '../demo/issuer.ts'
import { DEMO_PROVIDER, demoPolicies } from '../demo/policies.ts'

export interface PolicySet {
  name: string
  /** Names of the claims that are asked for; a wallet that lacks the last two is believed without them. */
  asks: readonly string[]
  documents: ReturnType<typeof demoPolicies>
}

const NAMES = ['given_name', 'family_name', 'schac_home_organization']
const EDUID = {
  ...{ type: 'credential_subject', name: 'eduid', credential: 'eduid', path: ['eduid'] },
}
const NAME_AND_BIRTHDAY = {
  ...{ type: 'claim_tuple', name: 'name-and-birthday', credential: 'eduid' },
  attributes: [
    { path: ['given_name'], read: 'name' },
    { path: ['family_name'], read: 'name' },
    { path: ['birthdate'], read: 'date' },
  ],
}

/** All of them, the default first. */
export function policySets(issuer: Issuer): PolicySet[] {
  return [
    withMaterials(issuer, 'default', [], []),
    withMaterials(issuer, 'subject', [EDUID], ['eduid']),
    withMaterials(issuer, 'subject-and-tuple', [EDUID, NAME_AND_BIRTHDAY], ['birthdate', 'eduid']),
  ]
}

function withMaterials(
  issuer: Issuer,
  name: string,
  materials: readonly object[],
  more: readonly string[],
): PolicySet {
  const documents = demoPolicies(issuer)
  const [credential] = documents.query.credentials
  const profile = 'wallet-and-account'
  const claims = [...NAMES, ...more].map((claim) => ({ id: claim, path: [claim] }))
  const query = {
    credentials: [
      {
        ...credential,
        claims,
        ...(more.length === 0
          ? {}
          : { claim_sets: choices(more).map((set) => [...NAMES, ...set]) }),
      },
    ],
  }
  const material = {
    profiles: [
      {
        id: profile,
        materials: [{ type: 'holder_key' }, ...materials, { type: 'provider_subject' }],
      },
    ],
  }
  const selector = { default: { plan: 'RUN_IDV', provider: DEMO_PROVIDER, profile } }
  return {
    name,
    asks: [...NAMES, ...more],
    documents: { ...documents, query, material, selector } as typeof documents,
  }
}

/** Every choice of these, the largest first. */
function choices(list: readonly string[]): string[][] {
  const [first, ...rest] = list
  if (first === undefined) return [[]]
  const others = choices(rest)
  return [...others.map((choice) => [first, ...choice]), ...others]
}
