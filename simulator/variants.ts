/**
 * The same person as the wallets of several countries show her: types and claims in the shape that each publishes. Shapes,
 * not the real thing: no state has signed any of it.
 */
import { type Editable, mapOf, Tag, type Writable } from './cbor.ts'

export const SD_JWT = 'dc+sd-jwt'
export const MDOC = 'mso_mdoc'
export const JWT_VC = 'jwt_vc_json'
export type Format = typeof SD_JWT | typeof MDOC | typeof JWT_VC

export interface SdJwtVariant {
  name: string
  format: typeof SD_JWT
  vct: string
  claims: Record<string, unknown>
  /** Names of claims that everybody sees. */
  plain: readonly string[]
}

export interface MdocVariant {
  name: string
  format: typeof MDOC
  docType: string
  namespace: string
  elements: Editable
}

export interface JwtVcVariant {
  name: string
  format: typeof JWT_VC
  type: string
  version: '1.1' | '2.0'
  subject: Record<string, unknown>
}

export type Variant = SdJwtVariant | MdocVariant | JwtVcVariant

const date = (text: string): Writable => new Tag(1004, text)

export const VARIANTS: readonly Variant[] = [
  {
    ...{ name: 'eudi-pid', format: SD_JWT, vct: 'urn:eudi:pid:1', plain: [] },
    claims: {
      given_name: 'Ada',
      family_name: 'Lovelace',
      birthdate: '1995-12-10',
      place_of_birth: { locality: 'London', country: 'GB' },
      nationalities: ['GB', 'NL'],
      address: { street_address: 'Domplein 29', postal_code: '3512 JE', locality: 'Utrecht' },
      age_equal_or_over: { '18': true, '65': false },
      issuing_authority: 'Simulator',
      issuing_country: 'NL',
      date_of_expiry: '2030-01-01',
    },
  },
  {
    ...{ name: 'nl-eduid', format: SD_JWT, vct: 'https://credentials.simulator.example/eduid' },
    plain: ['schac_home_organization'],
    claims: {
      given_name: 'Ada',
      family_name: 'Lovelace',
      email: 'ada.lovelace@noorderhaven.example',
      eduid: '7f2b1c8e-5d4a-4c3b-9e6f-0a1b2c3d4e5f',
      schac_home_organization: 'noorderhaven.example',
      eduperson_scoped_affiliation: ['student@noorderhaven.example'],
      eduperson_assurance: ['https://refeds.org/assurance/IAP/medium'],
    },
  },
  {
    ...{ name: 'it-wallet-pid', format: SD_JWT, plain: ['verification'] },
    vct: 'https://trust-registry.simulator.example/vct/v1.0.0/personidentificationdata',
    claims: {
      given_name: 'Ada',
      family_name: 'Lovelace',
      birth_date: '1995-12-10',
      birth_place: 'Londra',
      nationalities: ['IT'],
      personal_administrative_number: 'LVLDAA95T50Z114X',
      verification: { trust_framework: 'it_cie', assurance_level: 'high' },
    },
  },
  {
    ...{ name: 'de-pid', format: SD_JWT, vct: 'urn:eudi:pid:de:1', plain: ['issuing_country'] },
    claims: {
      given_name: 'Ada',
      family_name: 'Lovelace',
      birth_family_name: 'Byron',
      birthdate: '1995-12-10',
      age_in_years: 30,
      age_birth_year: 1995,
      age_equal_or_over: { '12': true, '18': true, '21': true },
      nationalities: ['DE'],
      place_of_birth: { locality: 'Berlin' },
      address: { locality: 'Köln', country: 'DE', street_address: 'Heidestraße 17' },
      issuing_country: 'DE',
    },
  },
  {
    ...{ name: 'ch-swiyu', format: SD_JWT, vct: 'betaid-sdjwt', plain: [] },
    claims: {
      given_name: 'Ada',
      family_name: 'Lovelace',
      birth_date: '1995-12-10',
      age_over_16: true,
      age_over_18: true,
      nationality: 'CH',
      hometown: 'Zürich',
      personal_administrative_number: '756.9217.0769.85',
      reference_id_type: 'Simulated ID',
    },
  },
  {
    ...{ name: 'eudi-pid-mdoc', format: MDOC, docType: 'eu.europa.ec.eudi.pid.1' },
    namespace: 'eu.europa.ec.eudi.pid.1',
    elements: mapOf({
      family_name: 'Lovelace',
      given_name: 'Ada',
      birth_date: date('1995-12-10'),
      nationality: ['NL', 'GB'],
      age_over_18: true,
      issuing_authority: 'Simulator',
      issuing_country: 'NL',
    }),
  },
  {
    ...{ name: 'mdl', format: MDOC, docType: 'org.iso.18013.5.1.mDL' },
    namespace: 'org.iso.18013.5.1',
    elements: mapOf({
      family_name: 'Lovelace',
      given_name: 'Ada',
      birth_date: date('1995-12-10'),
      portrait: Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
      age_over_18: true,
      driving_privileges: [mapOf({ vehicle_category_code: 'B', issue_date: date('2015-01-01') })],
    }),
  },
  {
    ...{ name: 'degree-vcdm-1', format: JWT_VC, type: 'UniversityDegreeCredential' },
    version: '1.1',
    subject: { given_name: 'Ada', family_name: 'Lovelace', degree: { name: 'BSc', level: 6 } },
  },
  {
    ...{ name: 'degree-vcdm-2', format: JWT_VC, type: 'UniversityDegreeCredential' },
    version: '2.0',
    subject: { given_name: 'Ada', family_name: 'Lovelace', degree: { name: 'MSc', level: 7 } },
  },
]
