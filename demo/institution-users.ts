/** People of two made-up universities, with the claims that SURFconext issues (protocols UP-61). */
import type { JsonObject } from '../src/domain/text.ts'

export interface InstitutionUser {
  /** What is typed into the login form. */
  readonly username: string
  readonly password: string
  /** Everything but `sub`, which is pairwise and made by the provider. */
  readonly claims: JsonObject
  /** What the login is worth; several values are joined by single spaces, as SURFconext does. */
  readonly acr?: readonly string[]
  readonly amr?: readonly string[]
}

/** Names of the claims, without `sub`. */
export const SURF_CLAIMS = [
  ...['subject_id', 'name', 'preferred_username', 'nickname', 'given_name', 'family_name'],
  ...['email', 'email_verified', 'schac_home_organization', 'schac_home_organization_type'],
  ...['eduperson_principal_name', 'eduperson_affiliation', 'eduperson_scoped_affiliation'],
  ...['eduperson_entitlement', 'eduperson_assurance', 'eduperson_orcid'],
  ...['edumember_is_member_of', 'schac_personal_unique_code', 'eduid', 'uids', 'eckid'],
  ...['surf-crm-id', 'surf-autorisaties', 'preferred_language', 'date_of_birth'],
] as const

const ASSURANCE = 'https://refeds.org/assurance'
export const LINKED = 'https://eduid.nl/trust/linked-institution'
export const VALIDATED_NAMES = 'https://eduid.nl/trust/validate-names'

/** Three logins that work, and one of a university that no tenant of the demo lists. */
export const INSTITUTION_USERS: readonly InstitutionUser[] = [
  {
    username: 'sanne',
    password: 'sanne-demo',
    claims: person('sanne', 'Sanne', 'de Vries', 'noorderhaven.example', ['student', 'member']),
    acr: [LINKED],
    amr: ['pwd'],
  },
  {
    username: 'milan',
    password: 'milan-demo',
    claims: person('milan', 'Milan', 'Bakker', 'noorderhaven.example', ['employee', 'member']),
    acr: [LINKED, VALIDATED_NAMES],
    amr: ['pwd', 'mfa'],
  },
  {
    username: 'noor',
    password: 'noor-demo',
    // The least an institution may release, and no word about assurance.
    claims: { schac_home_organization: 'noorderhaven.example', eduperson_affiliation: ['member'] },
  },
  {
    username: 'eva',
    password: 'eva-demo',
    claims: person('eva', 'Eva', 'Jansen', 'elders.example', ['student']),
    acr: [LINKED],
    amr: ['pwd'],
  },
]

function person(
  uid: string,
  givenName: string,
  familyName: string,
  organization: string,
  affiliations: readonly string[],
): JsonObject {
  const name = `${givenName} ${familyName}`
  const mail = `${uid}@${organization}`
  return {
    subject_id: `${uid}-7f3a@${organization}`,
    name,
    preferred_username: name,
    nickname: givenName,
    given_name: givenName,
    family_name: familyName,
    email: mail,
    email_verified: true,
    schac_home_organization: organization,
    schac_home_organization_type: 'urn:mace:terena.org:schac:homeOrganizationType:int:university',
    eduperson_principal_name: mail,
    eduperson_affiliation: affiliations,
    eduperson_scoped_affiliation: affiliations.map((role) => `${role}@${organization}`),
    eduperson_entitlement: ['urn:mace:dir:entitlement:common-lib-terms'],
    eduperson_assurance: [ASSURANCE, `${ASSURANCE}/IAP/medium`],
    eduperson_orcid: 'https://orcid.org/0000-0002-1825-0097',
    edumember_is_member_of: [`urn:collab:org:${organization}`],
    schac_personal_unique_code: [`urn:schac:personalUniqueCode:nl:local:${organization}:id:${uid}`],
    eduid: `5b1c${Buffer.from(uid).toString('hex')}`,
    uids: [uid],
    eckid: `https://ketenid.nl/demo/${uid}`,
    'surf-crm-id': 'ad93daef-0911-e511-80d0-005056956c1a',
    'surf-autorisaties': [`urn:mace:surfnet.nl:surfnet.nl:sab:role:Infra:${uid}`],
    preferred_language: 'nl',
    date_of_birth: '2001-02-03',
  }
}
