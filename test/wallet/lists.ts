/**
 * A scheme operator with a list of trusted entities (ETSI TS 119 602), put together and signed by an independent library.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { assertValidLoTE, createLoTE, signLoTE } from '@owf/eudi-lote'
import { createCertificateAuthority, issueCertificate } from '../../src/crypto/certificate.ts'
import { certificatePem } from '../../src/crypto/request-identity.ts'
import { DAY, newKey, signJwt } from './world.ts'

export const ISSUANCE = 'http://uri.etsi.org/19602/SvcType/PID/Issuance'
export const REVOCATION = 'http://uri.etsi.org/19602/SvcType/PID/Revocation'
export const STATUS = 'http://uri.etsi.org/19602/PubEAAProvidersList/SvcStatus'

export interface Operator {
  key: KeyObject
  /** PEM, to be pinned. */
  certificate: string
  x5c: string
}

/** The signer of a list, certified by whomever: the policy pins the certificate itself. */
export function createOperator(now: number, days = 300): Operator {
  const validity = { notBefore: now - DAY, notAfter: now + days * DAY }
  const authority = createCertificateAuthority({ subject: { commonName: 'LoTE CA' }, ...validity })
  const key = newKey()
  const leaf = issueCertificate(authority, {
    subject: { country: 'EU', commonName: 'Scheme operator' },
    publicKey: createPublicKey(key),
    ...validity,
  })
  const x5c = Buffer.from(leaf).toString('base64')
  return { key, certificate: certificatePem(leaf), x5c }
}

export interface ListedEntity {
  /** PEM of the provider's CA. */
  anchors: readonly string[]
  type?: string
  status?: string
  since?: string
}

export interface ListRequest {
  now: number
  sequence?: number
  issuedAt?: number
  nextUpdate?: number
  entities?: readonly ListedEntity[]
}

/** The document as the library makes it, and holds it against its schema. */
export function makeList(request: ListRequest) {
  const { now, sequence = 1, issuedAt = now - DAY, nextUpdate = now + 30 * DAY } = request
  const document = createLoTE(
    {
      LoTESequenceNumber: sequence,
      SchemeOperatorName: [{ lang: 'en', value: 'Test scheme' }],
      ListIssueDateTime: new Date(issuedAt).toISOString(),
      NextUpdate: new Date(nextUpdate).toISOString(),
    },
    (request.entities ?? []).map(entityOf),
  )
  assertValidLoTE(document)
  return document
}

function entityOf({ anchors, type = ISSUANCE, status, since }: ListedEntity) {
  return {
    TrustedEntityInformation: {
      TEName: [{ lang: 'en', value: 'A provider' }],
      TEAddress: { TEPostalAddress: [], TEElectronicAddress: [] },
    },
    TrustedEntityServices: [
      {
        ServiceInformation: {
          ServiceName: [{ lang: 'en', value: 'Issuance' }],
          ServiceTypeIdentifier: type,
          ServiceDigitalIdentity: {
            X509Certificates: anchors.map((pem) => ({
              val: pem.replace(/-----[^-]+-----|\s/g, ''),
            })),
          },
          ...(status === undefined ? {} : { ServiceStatus: status }),
          ...(since === undefined ? {} : { StatusStartingTime: since }),
        },
      },
    ],
  }
}

/** The list as a compact JWS, signed through the library. */
export async function signList(operator: Operator, request: ListRequest): Promise<string> {
  const { jws } = await signLoTE({
    lote: makeList(request),
    keyId: 'operator',
    certificates: [operator.certificate],
    signer: (input: string) => {
      const [header = '', payload = ''] = input.split('.')
      const read = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString()) as object
      return signJwt(read(header), read(payload), operator.key).split('.')[2] ?? ''
    },
  })
  return jws
}

/** The same with a header, or a payload, of the test's own. */
export function forgeList(operator: Operator, header: object, payload: unknown): string {
  const full = { alg: 'ES256', typ: 'trustlist+jwt', x5c: [operator.x5c], ...header }
  return signJwt(full, payload as object, operator.key)
}
