import { DateOnly } from '@animo-id/mdoc'
import { describe, expect, it } from 'vitest'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { verifyMdoc } from '../../src/wallet/mdoc.ts'
import { prepareTrust } from '../../src/wallet/trust.ts'
import { issueMdoc, presentMdocByLibrary } from '../support/mdoc-library.ts'
import { createMdocIssuer, MDL, MDL_NAMESPACE } from './mdoc-world.ts'
import {
  AUDIENCE,
  CHANNEL,
  createMeans,
  NONCE,
  NOW,
  newKey,
  RESPONSE_URI,
  refusalOf,
} from './world.ts'

const PID = 'eu.europa.ec.eudi.pid.1'
const ELEMENTS = {
  family_name: 'Lovelace',
  given_name: 'Ada',
  birth_date: new DateOnly('1995-12-10'),
  age_over_18: true,
  portrait: Uint8Array.of(1, 2, 3),
  nationality: ['NL'],
}

/* Issued and presented by @animo-id/mdoc, which shares no code with the bridge. */
describe('an mdoc of @animo-id/mdoc', () => {
  const holderKey = newKey()
  const issuer = createMdocIssuer({ doctypes: [MDL, PID] })
  const trust = prepareTrust(TrustPolicy.parse({ entries: [issuer.trustEntry()] }))
  const request = {
    client_id: AUDIENCE,
    nonce: NONCE,
    response_uri: RESPONSE_URI,
    thumbprint: null,
  }

  async function present(docType: string, name: string, asked = request): Promise<string> {
    const mdoc = await issueMdoc(issuer, {
      ...{ docType, nameSpaces: { [name]: ELEMENTS }, holderKey, now: NOW },
    })
    const paths = ['family_name', 'birth_date', 'portrait', 'nationality'] as const
    return presentMdocByLibrary(
      mdoc,
      holderKey,
      docType,
      paths.map((element) => [name, element]),
      asked,
    )
  }

  const verify = (text: string, docType: string) =>
    verifyMdoc(
      text,
      {
        ...{ queryId: 'q', docType, channel: CHANNEL, nonce: NONCE, trust },
        ...{ notBefore: NOW, now: NOW },
      },
      createMeans(),
    )

  it.each([
    [MDL, MDL_NAMESPACE],
    [PID, PID],
  ])('MD-01 %s is verified', async (docType, name) => {
    const verified = await verify(await present(docType, name), docType)
    expect(verified.claims).toEqual({
      [name]: {
        family_name: 'Lovelace',
        birth_date: '1995-12-10',
        portrait: 'AQID',
        nationality: ['NL'],
      },
    })
  })

  it('VP-094 is refused with another nonce', async () => {
    const text = await present(MDL, MDL_NAMESPACE, { ...request, nonce: 'of-another-session' })
    expect(await refusalOf(() => verify(text, MDL))).toBe('key_binding_invalid')
  })
})
