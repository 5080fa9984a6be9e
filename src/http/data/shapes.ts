/** What machine clients send and are answered, as schemas with names. */
import { z } from 'zod'
import { FieldName } from '../../domain/data-access.ts'
import type { Json } from '../../domain/text.ts'
import { instant, nextCursor, slug } from '../admin/common-shapes.ts'

const identityId = z.string().describe('Id of the person; after a merge that of the survivor.')
/** An object of this place alone: it has no name of its own in the description. */
const anyObject = () => z.record(z.string(), z.unknown() as z.ZodType<Json>)
const claims = anyObject().describe('Canonical attributes that the registration names.')
const fields = anyObject().describe('The fields that the registration names.')
const assurance = z
  .object({
    acr: z.array(z.string()),
    amr: z.array(z.string()),
    auth_time: z.int().nullable().describe('Seconds; when the person logged in there.'),
  })
  .nullable()
  .describe("What the institution's provider said of its own login.")

/** Text that UTF-8 can spell: everything else is nobody's. */
const text = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine((value) => value.isWellFormed(), 'is not well-formed text')

const issuer = text(2048).describe(
  'Who issued the credential, as the bridge calls them: id of the trust entry, `#`, their own name.',
)
const material = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
  .describe('Its name in the published material policy.')

const SubjectId = z
  .strictObject({
    identifier_type: z.literal('SUBJECT_ID'),
    provider: slug.optional().describe('An account: slug of the provider that the value is from.'),
    material: material.optional(),
    issuer: issuer.optional(),
    identifier: text(1024).describe('What the provider or the issuer calls them, byte for byte.'),
  })
  .describe(
    'An account at an institution (`provider`), or the subject of a credential (`material`, `issuer`).',
  )

const Email = z
  .strictObject({
    identifier_type: z.literal('EMAIL'),
    provider: slug.optional().describe('Slug of a provider whose addresses are proof.'),
    issuer: issuer.optional(),
    identifier: text(254),
  })
  .describe('An address of an account (`provider`), or in a credential (`issuer`).')

export const Lookup = z
  .discriminatedUnion('identifier_type', [
    SubjectId,
    z.strictObject({
      identifier_type: z.literal('KEY').describe("A wallet's key."),
      identifier: z
        .string()
        .regex(/^[A-Za-z0-9_-]{43}$/)
        .describe('RFC 7638 thumbprint, SHA-256.'),
    }),
    z.strictObject({
      identifier_type: z.literal('DID'),
      identifier: z
        .string()
        .max(2048)
        .regex(/^did:[a-z0-9]+:[A-Za-z0-9._:%-]+$/),
    }),
    Email,
    z.strictObject({
      identifier_type: z.literal('CLAIM_TUPLE').describe('Several attributes together.'),
      material,
      issuer: issuer.optional().describe('Needed where the material reads one credential.'),
      claims: anyObject().describe('As in the credential: every attribute of the material.'),
    }),
  ])
  .describe('Read exactly as a login would read it: what it would not take is nobody’s.')

export const DataPerson = z.object({
  identity_id: identityId,
  claims,
  auxiliary: z.record(z.string(), fields).describe('By category.'),
  assurance,
  last_verified_at: instant.nullable().describe('When the person was proved, not last seen.'),
})
export const LookupAnswer = z.object({
  found: z.boolean(),
  strength: z
    .enum(['identifies', 'suggests'])
    .nullable()
    .describe('`suggests`: an address or a name may be somebody else’s by now.'),
  person: DataPerson.nullable(),
})
export const PersonClaims = z.object({ claims })

export const Auxiliary = z.object({
  category: z.string(),
  fields,
  expires_at: instant.nullable(),
  updated_at: instant,
})
export const AuxiliaryList = z.object({ auxiliary: z.array(Auxiliary) })
export const NewAuxiliary = z.strictObject({
  fields: z
    .record(FieldName, z.unknown() as z.ZodType<Json>)
    .refine((value) => Object.keys(value).length <= 100, 'more than 100 fields')
    .describe('Replaces what was there, whole. 100 fields, 8 levels and 32 KiB at most.'),
  expires_at: z.iso
    .datetime({ precision: 3 })
    .nullable()
    .optional()
    .describe('When it is removed by itself: in the future, within ten years.'),
})
export const WrittenAuxiliary = Auxiliary.omit({ fields: true })

export const Device = z.object({
  id: z.string(),
  linked_at: instant,
  last_used_at: instant,
  provider: z.string().nullable().describe('Slug of the provider the link was proved at.'),
})
export const DeviceList = z.object({ devices: z.array(Device), next_cursor: nextCursor })

export const EnrichmentRequest = z
  .union([
    z.strictObject({ subject: text(255) }),
    z.strictObject({ identity_id: z.string().min(1).max(64) }),
  ])
  .describe('Whom the token is about: as relying parties know them, or by id.')
export const Enrichment = z.object({
  claims: anyObject().describe('Members to add to the token; none has a name that tokens need.'),
})

export const DATA_SHAPES = {
  ...{ Lookup, LookupAnswer, DataPerson, PersonClaims },
  ...{ Auxiliary, AuxiliaryList, NewAuxiliary, WrittenAuxiliary },
  ...{ Device, DeviceList, EnrichmentRequest, Enrichment },
}
