/** Credentials whose issuer, certificate or status says something that may not be believed, or may not be asked about. */
import { type Case, casesOf, type Situation } from './cases.ts'
import { type Editable, mapOf } from './cbor.ts'
import { instant, type MdocForgery } from './mdoc.ts'
import type { SdJwtForgery } from './sd-jwt.ts'
import { certifiedIssuer, ISSUER_URL } from './world.ts'

const SIGNS_MDOCS = '1.0.18013.5.1.2'

const listed = (list: unknown): SdJwtForgery => ({ payload: { status: { status_list: list } } })

const SD_JWT_CASES = casesOf('sdJwt', [
  ['typ-of-older-drafts', 'malformed_presentation', { header: { typ: 'vc+sd-jwt' } }],
  ['typ-missing', 'malformed_presentation', { header: { typ: undefined } }],
  [
    'chain-with-its-root',
    'certificate_invalid',
    ({ world }) => ({
      issuer: certifiedIssuer(world.seed, 'sd-jwt', world.now * 1000, {
        ...{ uris: [ISSUER_URL], withRoot: true },
      }),
    }),
  ],
  ['chain-not-a-list', 'certificate_invalid', { header: { x5c: 'AAAA' } }],
  [
    'chain-of-twenty',
    'certificate_invalid',
    ({ world }) => ({
      header: { x5c: Array(20).fill(Buffer.from(world.sdJwt.chain[0] ?? []).toString('base64')) },
    }),
  ],
  [
    'chain-by-address',
    'untrusted_issuer',
    { header: { x5c: undefined, x5u: `${ISSUER_URL}/x5u` } },
  ],
  ['issuer-a-did', 'untrusted_issuer', ({ world }) => ({ payload: { iss: world.did.id } })],
  ['issuer-not-text', 'malformed_presentation', { payload: { iss: [ISSUER_URL] } }],
  ['type-not-text', 'malformed_presentation', { payload: { vct: ['urn:eudi:pid:1'] } }],
  ['holder-key-private', 'holder_key_missing', withPrivateKey],
  ['holder-key-two', 'holder_key_missing', { payload: { cnf: { jwks: { keys: [] } } } }],
  // Where its status is said to be told (nobody may be asked before the rest is proved, and not anybody then)
  ['status-index-negative', 'malformed_presentation', listed({ idx: -1, uri: ISSUER_URL })],
  ['status-index-a-fraction', 'malformed_presentation', listed({ idx: 1.5, uri: ISSUER_URL })],
  ['status-index-as-text', 'malformed_presentation', listed({ idx: '1', uri: ISSUER_URL })],
  ['status-index-missing', 'malformed_presentation', listed({ uri: ISSUER_URL })],
  ['status-address-missing', 'malformed_presentation', listed({ idx: 1 })],
  [
    'status-address-endless',
    'malformed_presentation',
    listed({ idx: 1, uri: `${ISSUER_URL}/${'x'.repeat(3_000)}` }),
  ],
  ['status-on-a-metadata-service', 'status_unavailable', at('https://169.254.169.254/latest')],
  ['status-in-a-private-network', 'status_unavailable', at('https://10.0.0.1/list')],
  ['status-at-a-plain-address', 'status_unavailable', at('http://issuer.simulator.example/list')],
  ['status-in-a-file', 'status_unavailable', at('file:///etc/passwd')],
  ['status-with-a-password', 'status_unavailable', at('https://a:b@issuer.simulator.example/')],
  ['status-empty', 'status_not_supported', { payload: { status: {} } }],
  ['status-not-an-object', 'status_not_supported', { payload: { status: 'valid' } }],
])

function at(uri: string): SdJwtForgery {
  return listed({ idx: 1, uri })
}

function withPrivateKey({ holder }: Situation): SdJwtForgery {
  return { payload: { cnf: { jwk: { ...holder.jwk, d: 'AAAA' } } } }
}

const leaf =
  (change: Parameters<typeof certifiedIssuer>[3]) =>
  ({ world }: Situation): MdocForgery => ({
    issuer: certifiedIssuer(world.seed, 'mdoc', world.now * 1000, {
      purposes: [SIGNS_MDOCS],
      ...change,
    }),
  })

const stated = (status: Editable): MdocForgery => ({ mso: (mso) => void mso.set('status', status) })

const MDOC_CASES = casesOf('mdoc', [
  ['leaf-of-another-country', 'untrusted_issuer', leaf({ country: 'DE' })],
  ['chain-with-its-root', 'certificate_invalid', leaf({ withRoot: true })],
  [
    'signed-before-its-signer',
    'certificate_invalid',
    ({ world }) => ({
      mso: (mso) => {
        const info = mso.get('validityInfo') as Editable
        info.set('signed', instant(world.now - 100 * 86_400))
      },
    }),
  ],
  ['status-of-unknown-kind', 'status_not_supported', stated(mapOf({ other: new Map() }))],
  [
    'status-index-negative',
    'malformed_presentation',
    stated(mapOf({ status_list: mapOf({ idx: -1, uri: ISSUER_URL }) })),
  ],
  [
    'status-of-two-kinds',
    'malformed_presentation',
    stated(
      mapOf({
        status_list: mapOf({ idx: 1, uri: ISSUER_URL }),
        identifier_list: mapOf({ id: Buffer.of(1), uri: ISSUER_URL }),
      }),
    ),
  ],
  [
    'status-on-loopback',
    'status_unavailable',
    stated(mapOf({ status_list: mapOf({ idx: 1, uri: 'https://127.0.0.1/list' }) })),
  ],
])

export const ISSUER_ATTACKS: readonly Case[] = [...SD_JWT_CASES, ...MDOC_CASES]
