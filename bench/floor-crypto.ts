/** The floor's cryptography: what a login cannot do without, on node:crypto, without a check around it. */
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'

const KEY = randomBytes(32)
const SIGNATURE = 'ieee-p1363' as const

/** One ES256 signature: a compact JWS over the payload. */
export function signToken(privateKey: KeyObject, payload: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(payload)}`
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: SIGNATURE })
  return `${input}.${signature.toString('base64url')}`
}

/** One ES256 verification of a compact JWS; returns its payload. Throws where it is wrong. */
export function verifyToken(publicKey: KeyObject, token: string): { [name: string]: unknown } {
  const end = token.lastIndexOf('.')
  const signature = Buffer.from(token.slice(end + 1), 'base64url')
  const key = { key: publicKey, dsaEncoding: SIGNATURE }
  if (!verify('sha256', Buffer.from(token.slice(0, end)), key, signature))
    throw new Error('a signature is wrong')
  const payload = token.slice(token.indexOf('.') + 1, end)
  return JSON.parse(Buffer.from(payload, 'base64url').toString())
}

/** One key generation. */
export function generateKey(): Buffer {
  return createECDH('prime256v1').generateKeys()
}

/** One ECDH-ES decryption of a compact JWE with A256GCM (RFC 7518 section 4.6). */
export function decryptAnswer(privateKey: string, jwe: string): { [name: string]: unknown } {
  const [header = '', , iv = '', ciphertext = '', tag = ''] = jwe.split('.')
  const { epk, enc } = JSON.parse(Buffer.from(header, 'base64url').toString())
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(privateKey, 'hex')
  const coordinates = [epk.x, epk.y].map((text: string) => Buffer.from(text, 'base64url'))
  const secret = ecdh.computeSecret(Buffer.concat([Buffer.of(4), ...coordinates]))
  const word = (value: number) => Buffer.from(value.toString(16).padStart(8, '0'), 'hex')
  const info = [word(1), secret, word(enc.length), Buffer.from(enc), word(0), word(0), word(256)]
  const key = createHash('sha256').update(Buffer.concat(info)).digest()
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'))
  decipher.setAAD(Buffer.from(header)).setAuthTag(Buffer.from(tag, 'base64url'))
  const opened = decipher.update(Buffer.from(ciphertext, 'base64url'))
  return JSON.parse(Buffer.concat([opened, decipher.final()]).toString())
}

/** One HMAC-SHA-256. */
export function mac(text: string): string {
  return createHmac('sha256', KEY).update(text).digest('base64url')
}

/** A sealed text to be opened again and again; made once, at the start. */
export function seal(text: string): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', KEY, iv)
  const sealed = [cipher.update(text), cipher.final(), cipher.getAuthTag()]
  return Buffer.concat([iv, ...sealed]).toString('base64url')
}

/** One opening. */
export function open(sealed: string): unknown {
  const bytes = Buffer.from(sealed, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', KEY, bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(-16))
  const opened = decipher.update(bytes.subarray(12, -16))
  return JSON.parse(Buffer.concat([opened, decipher.final()]).toString())
}

export function readPublicKey(pem: string): KeyObject {
  return createPublicKey(pem)
}
