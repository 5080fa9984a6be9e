/** Every case there is, by a link and through the browser, honest ones first. */

import { DIGITAL_ATTACKS, honestDigitalCases } from './attacks-digital.ts'
import { ENCODING_ATTACKS } from './attacks-encoding.ts'
import { HIDING_ATTACKS } from './attacks-hiding.ts'
import { ISSUER_ATTACKS } from './attacks-issuers.ts'
import { JWT_VC_ATTACKS } from './attacks-jwt-vc.ts'
import { MDOC_ATTACKS } from './attacks-mdoc.ts'
import { RESPONSE_ATTACKS } from './attacks-response.ts'
import { SD_JWT_ATTACKS } from './attacks-sd-jwt.ts'
import { type Case, honestCases } from './cases.ts'
import { DEVICE_MAC_CASES } from './device-mac-cases.ts'
import type { DigitalCase } from './digital.ts'

export const ALL_CASES: readonly Case[] = [
  ...honestCases(),
  ...SD_JWT_ATTACKS,
  ...MDOC_ATTACKS,
  ...DEVICE_MAC_CASES,
  ...JWT_VC_ATTACKS,
  ...ISSUER_ATTACKS,
  ...HIDING_ATTACKS,
  ...ENCODING_ATTACKS,
  ...RESPONSE_ATTACKS,
]

export const ALL_DIGITAL_CASES: readonly DigitalCase[] = [
  ...honestDigitalCases(),
  ...DIGITAL_ATTACKS,
]
