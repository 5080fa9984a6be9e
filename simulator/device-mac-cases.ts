/** Mdocs whose device proves itself by MAC in place of a signature, where the request says that it may; and as they must be refused. */
import { flip } from './attacks-mdoc.ts'
import { type Case, casesOf } from './cases.ts'
import type { Writable } from './cbor.ts'
import type { MdocForgery } from './mdoc.ts'
import { mayUseMac } from './request.ts'

const changedMac = (change: (parts: Writable[]) => void): MdocForgery => ({
  deviceMac: {},
  deviceAuth: (auth) => change(auth.get('deviceMac') as Writable[]),
})

export const DEVICE_MAC_CASES: readonly Case[] = casesOf(
  'mdoc',
  [
    ['mac-instead-of-signature', 'accepted', { deviceMac: {} }],
    [
      'mac-of-another-device',
      'key_binding_invalid',
      ({ other }) => ({ deviceMac: { deviceKey: other } }),
    ],
    [
      'mac-for-another-verifier',
      'key_binding_invalid',
      ({ other }) => ({ deviceMac: { verifier: { ...other.jwk, kid: '' } } }),
    ],
    [
      'mac-nonce-of-another',
      'key_binding_invalid',
      { deviceMac: {}, transcript: { nonce: 'of-another-login' } },
    ],
    [
      'mac-client-of-another',
      'key_binding_invalid',
      { deviceMac: {}, transcript: { clientId: 'x509_hash:other' } },
    ],
    ['mac-alg-hs512', 'algorithm_refused', { deviceMac: { alg: 7 } }],
    ['mac-alg-truncated', 'algorithm_refused', { deviceMac: { alg: 4 } }],
    ['mac-alg-of-a-signature', 'algorithm_refused', { deviceMac: { alg: -7 } }],
    [
      'mac-bit-flipped',
      'key_binding_invalid',
      changedMac((parts) => void parts.splice(3, 1, flip(parts[3] as Uint8Array))),
    ],
    [
      'mac-cut-short',
      'key_binding_invalid',
      changedMac((parts) => void parts.splice(3, 1, (parts[3] as Uint8Array).subarray(0, 8))),
    ],
    [
      'mac-of-zeros',
      'key_binding_invalid',
      changedMac((parts) => void parts.splice(3, 1, Buffer.alloc(32))),
    ],
    [
      'mac-with-what-it-says',
      'malformed_presentation',
      changedMac((parts) => void parts.splice(2, 1, Buffer.from('said'))),
    ],
    [
      'mac-beside-signature',
      'malformed_presentation',
      { deviceMac: {}, deviceAuth: (auth) => void auth.set('deviceSignature', null) },
    ],
  ],
  { isAsked: mayUseMac },
)
