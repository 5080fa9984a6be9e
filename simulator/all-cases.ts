/** Every case there is, honest ones first. */
import { JWT_VC_ATTACKS } from './attacks-jwt-vc.ts'
import { MDOC_ATTACKS } from './attacks-mdoc.ts'
import { RESPONSE_ATTACKS } from './attacks-response.ts'
import { SD_JWT_ATTACKS } from './attacks-sd-jwt.ts'
import { type Case, honestCases } from './cases.ts'

export const ALL_CASES: readonly Case[] = [
  ...honestCases(),
  ...SD_JWT_ATTACKS,
  ...MDOC_ATTACKS,
  ...JWT_VC_ATTACKS,
  ...RESPONSE_ATTACKS,
]
