/** Token contracts as the administration reads and answers them. */
import { z } from 'zod'
import { ACR_VALUES } from '../../domain/assurance.ts'
import { CLAIM_TYPES } from '../../domain/contract.ts'

export const TokenContractRecording = z.strictObject({
  acr: z
    .array(z.enum(ACR_VALUES))
    .max(20)
    .default([])
    .describe('Values of `acr` that its logins may have besides that of the login which makes it.'),
})
export const TokenContract = z.object({
  state: z
    .enum(['off', 'recording', 'enforced'])
    .describe('`recording`: the next login makes the contract.'),
  recorded_at: z.string().nullable(),
  claims: z.array(
    z.object({
      name: z.string(),
      type: z.enum(CLAIM_TYPES),
      scope: z.string().describe('A login that does not ask for it need not have the claim.'),
    }),
  ),
  acr: z.array(z.string()),
})
