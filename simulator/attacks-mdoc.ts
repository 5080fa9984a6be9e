/** Mdocs that must be refused, each for one reason. */
import { type Case, casesOf, type Situation } from './cases.ts'
import { cbor, type Editable, mapOf, type Writable } from './cbor.ts'
import { coseKeyOf, type Handover, instant, type MdocForgery, sha256 } from './mdoc.ts'
import { certifiedIssuer } from './world.ts'

const DAY = 86_400
const SIGNS_MDOCS = '1.0.18013.5.1.2'

const leaf =
  (change: Parameters<typeof certifiedIssuer>[3]) =>
  ({ world }: Situation): MdocForgery => ({
    issuer: certifiedIssuer(world.seed, 'mdoc', world.now * 1000, {
      purposes: [SIGNS_MDOCS],
      ...change,
    }),
  })

const validity =
  (change: (now: number) => Record<string, Writable>) =>
  ({ world }: Situation): MdocForgery => ({
    mso: (mso) => {
      const info = mso.get('validityInfo') as Editable
      for (const [name, value] of Object.entries(change(world.now))) info.set(name, value)
    },
  })

const inMso = (name: string, value: Writable): MdocForgery => ({
  mso: (mso) => void mso.set(name, value),
})

/** One bit turned. */
export function flip(bytes: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(bytes)
  changed[10] = (changed[10] ?? 0) ^ 1
  return changed
}

/** The issuer's elements under a name that the issuer has not signed. */
function moveElements(document: Editable): void {
  const signed = document.get('issuerSigned') as Editable
  const [items] = (signed.get('nameSpaces') as Editable).values()
  signed.set('nameSpaces', mapOf({ 'org.simulator.other': items ?? null }))
}

function bySelf(elements: Record<string, Writable>): Editable {
  const names = ['org.iso.18013.5.1', 'eu.europa.ec.eudi.pid.1']
  return new Map(names.map((name) => [name, mapOf(elements)]))
}

/** ISO/IEC 18013-7:2024 annex B, with a nonce of the device's own. */
function olderHandover({ clientId, responseUri, nonce }: Handover): Writable {
  const own = 'a-nonce-of-the-device'
  return [sha256(cbor([clientId, own])), sha256(cbor([responseUri, own])), nonce]
}

export const MDOC_ATTACKS: readonly Case[] = casesOf('mdoc', [
  // Who signed it
  [
    'issuer-signature-bit-flipped',
    'issuer_signature_invalid',
    {
      issuerAuth: (parts) => void parts.splice(3, 1, flip(parts[3] as Uint8Array)),
    },
  ],
  [
    'issuer-key-not-of-certificate',
    'issuer_signature_invalid',
    ({ other }) => ({ issuerKey: other }),
  ],
  [
    'issuer-payload-changed',
    'issuer_signature_invalid',
    {
      issuerAuth: (parts) => void parts.splice(2, 1, cbor(parts[2] as Uint8Array).subarray(2)),
    },
  ],
  [
    'issuer-payload-detached',
    'malformed_presentation',
    { issuerAuth: (parts) => void parts.splice(2, 1, null) },
  ],
  ['issuer-of-strangers', 'untrusted_issuer', ({ world }) => ({ issuer: world.strangers.mdoc })],
  ['issuer-of-another-format', 'untrusted_issuer', ({ world }) => ({ issuer: world.sdJwt })],
  [
    'chain-missing',
    'malformed_presentation',
    { issuerAuth: (parts) => void parts.splice(1, 1, new Map()) },
  ],
  [
    'chain-in-protected-header',
    'malformed_presentation',
    ({ world }) => ({
      issuerProtected: new Map<number, Writable>([
        [1, -7],
        [33, world.mdoc.chain[0] ?? null],
      ]),
    }),
  ],
  [
    'leaf-expired',
    'certificate_invalid',
    (situation) => leaf({ notAfter: (situation.world.now - DAY) * 1000 })(situation),
  ],
  ['leaf-without-purpose', 'untrusted_issuer', leaf({ purposes: [] })],
  ['leaf-of-another-purpose', 'untrusted_issuer', leaf({ purposes: ['1.3.6.1.5.5.7.3.1'] })],
  [
    'leaf-valid-too-long',
    'untrusted_issuer',
    (situation) => leaf({ notAfter: (situation.world.now + 2000 * DAY) * 1000 })(situation),
  ],
  ['leaf-is-authority', 'certificate_invalid', leaf({ isAuthority: true })],
  ['alg-es384', 'algorithm_refused', { issuerProtected: new Map([[1, -35]]) }],
  ['alg-hmac', 'algorithm_refused', { issuerProtected: new Map([[1, 5]]) }],
  ['alg-missing', 'algorithm_refused', { issuerProtected: new Map() }],
  // What it is and when it counts
  ['doctype-of-another', 'unexpected_credential', { docType: 'org.simulator.other' }],
  ['doctype-of-mso-differs', 'unexpected_credential', inMso('docType', 'org.simulator.other')],
  ['version-unknown', 'malformed_presentation', inMso('version', '9.9')],
  ['expired', 'credential_expired', validity((now) => ({ validUntil: instant(now - DAY) }))],
  [
    'not-yet-valid',
    'credential_not_yet_valid',
    validity((now) => ({
      validFrom: instant(now + DAY),
      validUntil: instant(now + 2 * DAY),
    })),
  ],
  [
    'signed-in-the-future',
    'credential_not_yet_valid',
    validity((now) => ({
      signed: instant(now + DAY),
      validFrom: instant(now + DAY),
      validUntil: instant(now + 2 * DAY),
    })),
  ],
  ['validity-missing', 'malformed_presentation', { mso: (mso) => void mso.delete('validityInfo') }],
  // What is shown
  [
    'element-rewritten',
    'disclosure_invalid',
    {
      shown: (items) => {
        const item = mapOf({
          digestID: 1,
          random: Buffer.alloc(16),
          elementIdentifier: 'given_name',
          elementValue: 'Mallory',
        })
        const [first] = items as { value: Uint8Array }[]
        if (first !== undefined) (first as { value: Uint8Array }).value = cbor(item)
        return items
      },
    },
  ],
  ['element-twice', 'disclosure_invalid', { shown: (items) => [...items, ...items.slice(0, 1)] }],
  [
    'digests-missing',
    'disclosure_invalid',
    inMso('valueDigests', mapOf({ other: new Map([[0, Buffer.alloc(32)]]) })),
  ],
  ['digest-algorithm-sha1', 'algorithm_refused', inMso('digestAlgorithm', 'SHA-1')],
  [
    'salt-too-short',
    'disclosure_invalid',
    { item: (item) => void item.set('random', Buffer.alloc(4)) },
  ],
  ['digest-number-twice', 'disclosure_invalid', { item: (item) => void item.set('digestID', 0) }],
  [
    'digest-number-not-signed',
    'disclosure_invalid',
    { item: (item, index) => void item.set('digestID', index + 1000) },
  ],
  ['element-in-another-namespace', 'disclosure_invalid', { document: moveElements }],
  ['nothing-shown', 'query_not_satisfied', { shown: (items) => items.slice(0, 1) }],
  // Whose it is, and to whom it was shown
  [
    'device-signature-bit-flipped',
    'key_binding_invalid',
    {
      deviceAuth: (auth) => {
        const parts = auth.get('deviceSignature') as Writable[]
        parts[3] = flip(parts[3] as Uint8Array)
      },
    },
  ],
  ['device-signed-by-another', 'key_binding_invalid', ({ other }) => ({ deviceKey: other })],
  ['device-signature-missing', 'malformed_presentation', { deviceAuth: (auth) => auth.clear() }],
  ['device-alg-es384', 'algorithm_refused', { deviceProtected: new Map([[1, -35]]) }],
  [
    'device-key-missing',
    'malformed_presentation',
    { mso: (mso) => void mso.delete('deviceKeyInfo') },
  ],
  [
    'device-key-not-on-curve',
    'holder_key_missing',
    ({ holder }) => ({
      mso: (mso) => {
        const key = new Map(coseKeyOf(holder))
        mso.set('deviceKeyInfo', mapOf({ deviceKey: key.set(-3, holder.x) }))
      },
    }),
  ],
  [
    'transcript-nonce-of-another',
    'key_binding_invalid',
    { transcript: { nonce: 'of-another-login' } },
  ],
  [
    'transcript-client-of-another',
    'key_binding_invalid',
    { transcript: { clientId: 'x509_hash:other' } },
  ],
  [
    'transcript-address-of-another',
    'key_binding_invalid',
    {
      transcript: { responseUri: 'https://evil.example/response' },
    },
  ],
  [
    'transcript-key-of-another',
    'key_binding_invalid',
    { transcript: { thumbprint: Buffer.alloc(32) } },
  ],
  ['transcript-of-older-drafts', 'key_binding_invalid', { handover: olderHandover }],
  [
    'transcript-of-the-other-way',
    'key_binding_invalid',
    { transcript: { origin: 'https://bridge.example' } },
  ],
  [
    'elements-by-the-device-alone',
    'disclosure_invalid',
    {
      shown: (items) => items.slice(0, 1),
      deviceElements: bySelf({ given_name: 'Mallory', family_name: 'Mallory' }),
    },
  ],
  [
    'device-signature-with-what-it-says',
    'malformed_presentation',
    {
      deviceAuth: (auth) =>
        void (auth.get('deviceSignature') as Writable[]).splice(2, 1, Buffer.of(0)),
    },
  ],
  // The response around it
  [
    'response-status-error',
    'malformed_presentation',
    { response: (all) => void all.set('status', 10) },
  ],
  [
    'response-without-documents',
    'malformed_presentation',
    { response: (all) => void all.delete('documents') },
  ],
  [
    'response-version-unknown',
    'malformed_presentation',
    { response: (all) => void all.set('version', '9.9') },
  ],
  [
    'trailing-octets',
    'malformed_presentation',
    { octets: (octets) => Buffer.concat([octets, Buffer.of(0)]) },
  ],
  ['cut-short', 'malformed_presentation', { octets: (octets) => octets.subarray(0, -20) }],
  [
    'base64-padded',
    'malformed_presentation',
    { whole: (text) => `${text}${'='.repeat(4 - (text.length % 4 || 4) || 4)}` },
  ],
  ['base64-with-white-space', 'malformed_presentation', { whole: (text) => `${text}\n` }],
  ['base64-of-the-other-alphabet', 'malformed_presentation', { whole: (text) => `+/${text}` }],
  ['not-cbor', 'malformed_presentation', { octets: () => Buffer.from('not cbor at all') }],
])
