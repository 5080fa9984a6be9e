/** What people are told an attribute is: the tenant's own words, else ours for names that standards use, else the name. */

interface Label {
  readonly en: string
  readonly nl: string
}

/** Names of OpenID Connect Core 5.1, of the EU's PID, and of eduPerson and SCHAC. */
const WELL_KNOWN: { readonly [name: string]: Label } = {
  name: { en: 'Your name', nl: 'Je naam' },
  given_name: { en: 'Your first name', nl: 'Je voornaam' },
  family_name: { en: 'Your last name', nl: 'Je achternaam' },
  nickname: { en: 'Your nickname', nl: 'Je roepnaam' },
  preferred_username: { en: 'Your user name', nl: 'Je gebruikersnaam' },
  email: { en: 'Your e-mail address', nl: 'Je e-mailadres' },
  email_verified: {
    en: 'Whether your e-mail address was checked',
    nl: 'Of je e-mailadres is nagegaan',
  },
  phone_number: { en: 'Your phone number', nl: 'Je telefoonnummer' },
  address: { en: 'Your address', nl: 'Je adres' },
  birthdate: { en: 'Your date of birth', nl: 'Je geboortedatum' },
  birth_date: { en: 'Your date of birth', nl: 'Je geboortedatum' },
  place_of_birth: { en: 'Your place of birth', nl: 'Je geboorteplaats' },
  gender: { en: 'Your gender', nl: 'Je geslacht' },
  nationality: { en: 'Your nationality', nl: 'Je nationaliteit' },
  nationalities: { en: 'Your nationalities', nl: 'Je nationaliteiten' },
  age_over_18: { en: 'Whether you are 18 or older', nl: 'Of je 18 jaar of ouder bent' },
  schac_home_organization: { en: 'Your institution', nl: 'Je instelling' },
  eduperson_affiliation: { en: 'Your role at the institution', nl: 'Je rol bij de instelling' },
  eduperson_scoped_affiliation: {
    en: 'Your role at the institution',
    nl: 'Je rol bij de instelling',
  },
  eduperson_principal_name: {
    en: 'Your account at the institution',
    nl: 'Je account bij de instelling',
  },
  eduperson_entitlement: { en: 'What you are entitled to', nl: 'Waar je recht op hebt' },
}

/** The label in a language for an attribute, whose rule may have one of its own. */
export function labelOf(name: string, language: keyof Label, own: Label | undefined): string {
  const label = own ?? (Object.hasOwn(WELL_KNOWN, name) ? WELL_KNOWN[name] : undefined)
  return label?.[language] ?? name
}
