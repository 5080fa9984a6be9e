/**
 * Material profiles: which verified facts a tenant links a person by. Each profile needs one material of the wallet's
 * side (hashed under Key A) and one of the institution's (Key B); more types join here.
 */
import { z } from 'zod'

const Material = z.discriminatedUnion('type', [
  /** The key the credential is bound to: identifier type KEY, by its RFC 7638 thumbprint. */
  z.strictObject({ type: z.literal('holder_key') }),
  /** The account at the institution: identifier type SUBJECT_ID, by issuer, attribute name and exact value. */
  z.strictObject({ type: z.literal('provider_subject') }),
])
export type Material = z.infer<typeof Material>

const ProfileId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/)

const MaterialProfile = z
  .strictObject({ id: ProfileId, materials: z.array(Material).min(2).max(8) })
  .refine(
    (profile) =>
      new Set(profile.materials.map(({ type }) => type)).size === profile.materials.length,
    {
      message: 'names a material twice',
      path: ['materials'],
    },
  )

/** The policy document of kind `material`. */
export const MaterialPolicy = z
  .strictObject({ profiles: z.array(MaterialProfile).min(1).max(32) })
  .refine(
    (policy) => new Set(policy.profiles.map(({ id }) => id)).size === policy.profiles.length,
    {
      message: 'two profiles share an id',
      path: ['profiles'],
    },
  )
export type MaterialPolicy = z.infer<typeof MaterialPolicy>
