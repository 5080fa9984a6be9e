import { describe, expect, it } from 'vitest'
import { sessionTranscript } from '../../src/wallet/session-transcript.ts'

/* The vectors printed in OpenID4VP 1.0 sections B.2.6.1 and B.2.6.2. */
const NONCE = 'exc7gBkxjx1rdc9udRrveKvSsJIq80avlXeLHhGwqtA'
const KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'DxiH5Q4Yx3UrukE2lWCErq8N8bqC9CHLLrAwLz5BmE0',
  y: 'XtLM4-3h5o3HUH0MHVJV0kyq0iBlrBwlh8qEDMZ4-Pc',
  ...{ use: 'enc', alg: 'ECDH-ES', kid: '1' },
} as const
const redirect = {
  kind: 'redirect',
  clientId: 'x509_san_dns:example.com',
  responseUri: 'https://example.com/response',
} as const
const api = { kind: 'dc_api', origin: 'https://example.com' } as const
const encryptionKey = () => KEY

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

describe('SessionTranscript of OpenID4VP 1.0', () => {
  it('VP-108 is that of the specification for redirects', () => {
    expect(hex(sessionTranscript({ ...redirect, encryptionKey }, NONCE))).toBe(
      '83f6f682714f70656e494434565048616e646f7665725820048bc053c00442af9b8eed494cefdd9d95240d254b046b11b68013722aad38ac',
    )
  })

  it('VP-108 is that of the specification for the Digital Credentials API', () => {
    expect(hex(sessionTranscript({ ...api, encryptionKey }, NONCE))).toBe(
      '83f6f682764f70656e4944345650444341504948616e646f7665725820fbece366f4212f9762c74cfdbf83b8c69e371d5d68cea09cb4c48ca6daab761a',
    )
  })

  it('VP-106 is another without encryption, with another nonce, way, name or address', () => {
    const all = [
      sessionTranscript({ ...redirect, encryptionKey }, NONCE),
      sessionTranscript(redirect, NONCE),
      sessionTranscript(redirect, `${NONCE}x`),
      sessionTranscript({ ...redirect, clientId: 'example.com' }, NONCE),
      sessionTranscript({ ...redirect, responseUri: 'https://example.com/respons' }, NONCE),
      sessionTranscript(api, NONCE),
      sessionTranscript({ ...api, origin: 'origin:https://example.com' }, NONCE),
    ]
    expect(new Set(all.map(hex)).size).toBe(all.length)
  })
})
