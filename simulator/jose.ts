/** JWS and JWE as a wallet and an issuer write them (RFC 7515, RFC 7516, RFC 7518), and as they should not. */
import { createCipheriv, createHash } from 'node:crypto'
import type { Seed, SigningKey } from './seed.ts'

export type Members = Record<string, unknown>

/** A compact JWS. The header says whatever it is told to; the signature is ES256. Members that are undefined vanish. */
export function signJwt(header: Members, payload: Members, key: SigningKey): string {
  const signed = `${encode(header)}.${encode(payload)}`
  return `${signed}.${text(key.sign(signed))}`
}

export function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

export function decode(part: string): Members {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Members
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

/** The compact JWT with its header or payload changed and its signature kept. */
export function changeSigned(jwt: string, change: { header?: Members; payload?: Members }): string {
  const [header = '', payload = '', signature = ''] = jwt.split('.')
  return [
    encode({ ...decode(header), ...change.header }),
    encode({ ...decode(payload), ...change.payload }),
    signature,
  ].join('.')
}

/** The compact JWT with the text of its payload changed, and signed again: what no writer of JSON would write. */
export function signAgain(jwt: string, key: SigningKey, change: (json: string) => string): string {
  const [header = '', payload = ''] = jwt.split('.')
  const changed = change(Buffer.from(payload, 'base64url').toString('utf8'))
  const signed = `${header}.${text(Buffer.from(changed))}`
  return `${signed}.${text(key.sign(signed))}`
}

/** The same with one bit of the signature turned. */
export function spoilSignature(jwt: string): string {
  const [header, payload, signature = ''] = jwt.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  bytes[10] = (bytes[10] ?? 0) ^ 1
  return [header, payload, text(bytes)].join('.')
}

/** The encryption key of a request. */
export interface EncryptionKey {
  kid: string
  x: string
  y: string
}

export interface JweForgery {
  enc?: string
  header?: Members
  /** Encrypts to another key than the request's. */
  key?: EncryptionKey
  /** The five parts, before they are joined. */
  parts?: (parts: string[]) => string[]
}

/** A compact JWE, ECDH-ES on P-256 (RFC 7518 section 4.6), of these octets. */
export function encrypt(
  plaintext: string,
  to: EncryptionKey,
  seed: Seed,
  label: string,
  forgery: JweForgery = {},
): string {
  const enc = forgery.enc ?? 'A256GCM'
  const size = enc === 'A128GCM' ? 16 : 32
  const { x, y, kid } = forgery.key ?? to
  const ephemeral = seed.key(`jwe ${label}`)
  const info = [
    ...[uint32(1), ephemeral.agree(pointOf({ x, y })), uint32(enc.length), Buffer.from(enc)],
    ...[uint32(0), uint32(0), uint32(size * 8)],
  ]
  const secret = createHash('sha256').update(Buffer.concat(info)).digest().subarray(0, size)
  const header = encode({ alg: 'ECDH-ES', enc, kid, epk: ephemeral.jwk, ...forgery.header })
  const iv = seed.bytes(`iv ${label}`, 12)
  const cipher = createCipheriv(size === 32 ? 'aes-256-gcm' : 'aes-128-gcm', secret, iv)
  cipher.setAAD(Buffer.from(header))
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()])
  const parts = [header, '', text(iv), text(sealed), text(cipher.getAuthTag())]
  return (forgery.parts?.(parts) ?? parts).join('.')
}

/** A public point as it is agreed with: uncompressed. */
export function pointOf({ x, y }: Pick<EncryptionKey, 'x' | 'y'>): Uint8Array {
  return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
