/** People and merges as the administration reads and answers them: links and times, no identifier and no hash. */
import { z } from 'zod'
import { IDENTIFIER_TYPES } from '../../domain/text.ts'
import { UNLINK_REASONS } from '../../domain/unlink.ts'
import { instant, inTwoLanguages } from './common-shapes.ts'

export const NewMerge = z.strictObject({
  merged: z.uuid().describe('The person who becomes part of the other.'),
  surviving: z.uuid(),
})
export const Merge = z.object({
  id: z.string(),
  merged: z.string(),
  surviving: z.string(),
  merged_by: z.string(),
  merged_at: instant,
  split_until: instant.describe('Until then it can be taken back.'),
  split_by: z.string().nullable(),
  split_at: instant.nullable().describe('When it was taken back; null while it holds.'),
})
const ended = {
  ended_at: instant.nullable(),
  reason: z.string().nullable().describe('Why it ended.'),
}
export const Identity = z.object({
  id: z.string(),
  status: z.enum(['ACTIVE', 'RESTRICTED', 'MERGED', 'ERASED']),
  merged_into: z.string().nullable(),
  created_at: instant,
  matches: z
    .array(
      z.object({
        id: z.string(),
        type: z.enum(IDENTIFIER_TYPES),
        side: z.enum(['wallet', 'institution']),
        created_at: instant,
        last_used_at: instant,
        ...ended,
      }),
    )
    .describe('What the person is known by.'),
  bindings: z
    .array(
      z.object({
        id: z.string(),
        match: z.string(),
        provider: z.string().nullable(),
        created_at: instant,
        last_used_at: instant,
        proved_at: instant.nullable().describe('When the institution last confirmed it.'),
        ...ended,
      }),
    )
    .describe('Which of it was proved to belong to an account.'),
  merges: z.array(Merge),
})
export const FoundIdentity = Identity.extend({
  strength: z
    .enum(['identifies', 'suggests'])
    .describe(
      '`suggests`: an address or a name may be somebody else’s by now. Look before you act.',
    ),
})
const rows = (about: string) => z.array(z.record(z.string(), z.unknown())).describe(about)
export const PersonExport = z.object({
  format: z.literal('identity-bridge-export/1'),
  tenant: z.string().describe('Its issuer.'),
  exported_at: instant,
  persons: rows('The person, and everybody merged with them.'),
  known_by: rows('What the person is recognised by, ended ones too.'),
  links: rows(
    'Wallets and accounts that belong together, with the attributes kept and whose word each is.',
  ),
  auxiliary: rows('Data that institutions keep here, by category.'),
  subjects: rows('What relying parties know the person by.'),
  account_choices: rows('Accounts the person chose for a relying party.'),
  consents: rows('What the person agreed that relying parties learn.'),
  logins: rows('What relying parties were granted, while it can still be used.'),
  journeys: rows('Logins of the last hours.'),
  institution_logins: rows('What of them was at an institution.'),
  merges: rows('Persons found to be one.'),
  messages: rows('Who was told that something happened.'),
  events: rows('What the audit trail says under the pseudonym of the person.'),
})
const names = z.array(z.string())
export const ConsentList = z.object({
  consents: z.array(
    z.object({
      client_id: z.string(),
      client_name: z.string().nullable().describe('Null where the relying party is gone.'),
      scopes: names,
      claims: names.describe('Names of attributes, never a value.'),
      purpose: inTwoLanguages(200).nullable().describe('What the person was told it is for.'),
      given_at: instant,
      given_again_at: instant.describe('When they last said yes.'),
    }),
  ),
})
export const UnlinkRequest = z.strictObject({
  reason: z.enum(UNLINK_REASONS).describe('Who wished it.'),
})
export const Nothing = z.strictObject({})
