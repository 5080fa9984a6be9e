/**
 * Material profiles: which verified facts a tenant links a person by. Each profile needs a material of the wallet's side
 * that identifies (hashed under Key A) and the account at the institution (Key B).
 *
 * Unlike the system this grew from, every attribute of a tuple is needed: a partial tuple is another tuple, and is never
 * hashed (protocols CR-22).
 */
import { z } from 'zod'

const Name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
const Path = z.array(z.string().min(1).max(128)).min(1).max(8)
const QueryId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
const Strength = z.enum(['identifies', 'suggests'])

/** How an attribute of a tuple is read; `normalise.ts` has the rules. */
const Reading = z.enum(['exact', 'name', 'date', 'email', 'scoped', 'tax_code_it'])
export type Reading = z.infer<typeof Reading>

/** A tuple of fewer attributes names several people; one that identifies by itself needs one more. */
const FEWEST_ATTRIBUTES = { suggests: 2, identifies: 3 } as const

const ClaimTuple = z
  .strictObject({
    type: z.literal('claim_tuple'),
    name: Name,
    /** Query id of the one credential it is read from; absent: from all of them, and they must not disagree. */
    credential: QueryId.optional(),
    /** All of them, or there is no tuple. */
    attributes: z
      .array(z.strictObject({ path: Path, read: Reading }))
      .min(FEWEST_ATTRIBUTES.suggests)
      .max(12),
    /** What counts as the same letter in attributes that are read as names. */
    folding: z
      .strictObject({ case: z.boolean(), diacritics: z.boolean() })
      .default({ case: true, diacritics: true }),
    strength: Strength.default('suggests'),
  })
  .superRefine((tuple, context) => {
    const refuse = (message: string) =>
      context.addIssue({ code: 'custom', path: ['attributes'], message })
    const paths = tuple.attributes.map(({ path }) => JSON.stringify(path))
    if (new Set(paths).size !== paths.length) refuse('a path occurs twice')
    if (paths.length < FEWEST_ATTRIBUTES[tuple.strength]) refuse('are too few to identify by')
  })
export type ClaimTuple = z.infer<typeof ClaimTuple>

const Material = z.discriminatedUnion('type', [
  /** The key the credentials are bound to: identifier type KEY, by its RFC 7638 thumbprint. */
  z.strictObject({ type: z.literal('holder_key') }),
  /** What a credential's issuer calls its subject: SUBJECT_ID, by issuer, path and exact value. */
  z.strictObject({
    type: z.literal('credential_subject'),
    name: Name,
    credential: QueryId,
    path: Path,
    strength: Strength.default('identifies'),
  }),
  /** A DID in a credential: DID. */
  z.strictObject({
    type: z.literal('did'),
    name: Name,
    credential: QueryId,
    path: Path,
    strength: Strength.default('identifies'),
  }),
  /**
   * An address in a credential: EMAIL. Addresses are given to somebody else one day, so this only ever suggests, and only
   * from issuers whose trust entry says that their addresses are proof.
   */
  z.strictObject({ type: z.literal('email'), name: Name, credential: QueryId, path: Path }),
  ClaimTuple,
  /** The account at the institution: SUBJECT_ID, by issuer, attribute name and exact value. */
  z.strictObject({ type: z.literal('provider_subject') }),
])
export type Material = z.infer<typeof Material>

/** The name a material has among the fingerprints of a binding. */
export function materialName(material: Material): string {
  return 'name' in material ? material.name : material.type
}

/** The name of the account among the fingerprints of a binding. */
export const PROVIDER_SUBJECT = 'provider_subject'

/** Of which side a material speaks. */
export function isOfWallet(material: Material): boolean {
  return material.type !== PROVIDER_SUBJECT
}

/**
 * The name of the account's e-mail address among them, where the provider's registration says that its addresses are proof.
 * No material of a tenant can be called so.
 */
export const PROVIDER_EMAIL = 'provider_email'

/** The same of a fingerprint, by its name: those of the institution's side are under Key B, all others under Key A. */
export function isProviderMaterial(name: string): boolean {
  return name === PROVIDER_SUBJECT || name === PROVIDER_EMAIL
}

/** Whether a hit on it is the person. */
export function strengthOf(material: Material): 'identifies' | 'suggests' {
  if (material.type === 'email') return 'suggests'
  return 'strength' in material ? material.strength : 'identifies'
}

const MaterialProfile = z
  .strictObject({ id: Name, materials: z.array(Material).min(2).max(8) })
  .superRefine((profile, context) => {
    const refuse = (message: string) =>
      context.addIssue({ code: 'custom', path: ['materials'], message })
    const names = profile.materials.map(materialName)
    if (new Set(names).size !== names.length) refuse('names a material twice')
    if (!profile.materials.some((each) => isOfWallet(each) && strengthOf(each) === 'identifies'))
      refuse('has no material of the wallet that identifies')
    if (profile.materials.every(isOfWallet)) refuse('has no material of the institution')
  })
export type MaterialProfile = z.infer<typeof MaterialProfile>

/** The policy document of kind `material`. */
export const MaterialPolicy = z
  .strictObject({
    profiles: z.array(MaterialProfile).min(1).max(32),
    /**
     * Whether a wallet's key is enough by itself. Wallets may show a fresh key each time; with `refused` a key only
     * counts together with another identifier of the same person, and a profile that has nothing else is refused.
     */
    keyAlone: z.enum(['allowed', 'refused']).default('allowed'),
    /** Keys a person may have at a time; linking one more drops the one that was not used for longest. */
    keysKept: z.int().min(1).max(500).default(50),
  })
  .superRefine((policy, context) => {
    const refuse = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message })
    if (new Set(policy.profiles.map(({ id }) => id)).size !== policy.profiles.length)
      refuse(['profiles'], 'two profiles share an id')
    const meanings = new Map<string, string>()
    policy.profiles.forEach(({ materials }, index) => {
      const place = ['profiles', index, 'materials']
      for (const material of materials) {
        const [name, meaning] = [materialName(material), JSON.stringify(material)]
        if ((meanings.get(name) ?? meaning) !== meaning)
          refuse(place, 'two materials of one name differ')
        meanings.set(name, meaning)
      }
      if (policy.keyAlone === 'refused' && !materials.some(isLastingAndIdentifies))
        refuse(place, 'has nothing but the key, which is refused alone')
    })
  })
export type MaterialPolicy = z.infer<typeof MaterialPolicy>

function isLastingAndIdentifies(material: Material): boolean {
  return (
    isOfWallet(material) && material.type !== 'holder_key' && strengthOf(material) === 'identifies'
  )
}

/** The materials of the wallet's side that any profile names, each once. */
export function walletMaterials(policy: MaterialPolicy): Material[] {
  const byName = new Map<string, Material>()
  for (const { materials } of policy.profiles)
    for (const material of materials.filter(isOfWallet))
      byName.set(materialName(material), material)
  return [...byName.values()]
}

/** Where in a credential the materials read: what has to be asked for, besides what attribute rules use. */
export function materialPaths(policy: MaterialPolicy): (readonly string[])[] {
  return walletMaterials(policy).flatMap(pathsOfMaterial)
}

/** Where one material reads; nowhere for a key. */
export function pathsOfMaterial(material: Material): (readonly string[])[] {
  if (material.type === 'claim_tuple') return material.attributes.map(({ path }) => path)
  return 'path' in material ? [material.path] : []
}
