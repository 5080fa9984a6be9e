/**
 * Vault's transit engine and AWS KMS as far as they concern us, as local servers: requests are checked as the real ones do
 * (token, signature), and what they wrap opens only for the same key and the same associated data. They prove our side of the
 * protocol; nothing here has ever met the real services.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakeService {
  url: string
  /** Requests so far: path, and the names of the body's members. */
  seen: string[]
  /** What the next request is answered with, whatever it asks. */
  answerNext(answer: Answer): void
  close(): Promise<void>
}

interface Answer {
  status: number
  body: string
}

interface Asked {
  path: string
  headers: IncomingMessage['headers']
  text: string
  body: Record<string, string>
}

const MASTER = randomBytes(32)

function wrap(key: string, context: string, plaintext: string): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', MASTER, iv).setAAD(Buffer.from(`${key} ${context}`))
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64')
}

function unwrap(key: string, context: string, wrapped: string): string | undefined {
  const bytes = Buffer.from(wrapped, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', MASTER, bytes.subarray(0, 12))
  decipher.setAAD(Buffer.from(`${key} ${context}`)).setAuthTag(bytes.subarray(12, 28))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

async function start(answer: (asked: Asked) => Answer): Promise<FakeService> {
  const seen: string[] = []
  const waiting: Answer[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString('utf8')
    const body = JSON.parse(text) as Record<string, string>
    const path = request.url ?? ''
    seen.push(`${path} ${Object.keys(body).sort().join(' ')}`)
    const given = waiting.shift() ?? answer({ path, headers: request.headers, text, body })
    response.writeHead(given.status, { 'content-type': 'application/json' }).end(given.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answerNext: (each) => void waiting.push(each),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

const json = (status: number, body: object): Answer => ({ status, body: JSON.stringify(body) })

/** One transit key `bridge` on the mount `transit`, in the namespace `campus`. */
export function startVault(token: string): Promise<FakeService> {
  return start(({ path, headers, body }) => {
    if (headers['x-vault-token'] !== token || headers['x-vault-namespace'] !== 'campus')
      return json(403, { errors: ['permission denied'] })
    const [, verb, key = ''] = /^\/v1\/transit\/(encrypt|decrypt)\/([\w.-]+)$/.exec(path) ?? []
    if (verb === undefined || key !== 'bridge') return json(404, { errors: [] })
    const { plaintext = '', ciphertext = '', associated_data: context = '' } = body
    if (verb === 'encrypt')
      return json(200, { data: { ciphertext: `vault:v1:${wrap(key, context, plaintext)}` } })
    const opened = unwrap(key, context, ciphertext.replace(/^vault:v1:/, ''))
    if (opened === undefined)
      return json(400, { errors: ['cipher: message authentication failed'] })
    return json(200, { data: { plaintext: opened } })
  })
}

/** One key `alias/bridge` in `eu-central-1`, for one access key. */
export function startKms(accessKeyId: string, secretAccessKey: string): Promise<FakeService> {
  return start(({ headers, text, body }) => {
    if (!isSignedBy(accessKeyId, secretAccessKey, headers, text))
      return json(400, { __type: 'InvalidSignatureException' })
    const { KeyId: key = '', Plaintext: plaintext = '', CiphertextBlob: blob = '' } = body
    if (key !== 'alias/bridge') return json(400, { __type: 'NotFoundException' })
    const context = JSON.stringify(body.EncryptionContext ?? {})
    if (headers['x-amz-target'] === 'TrentService.Encrypt')
      return json(200, { CiphertextBlob: wrap(key, context, plaintext), KeyId: key })
    const opened = unwrap(key, context, blob)
    if (opened === undefined) return json(400, { __type: 'InvalidCiphertextException' })
    return json(200, { Plaintext: opened, KeyId: key })
  })
}

/** AWS Signature Version 4, from its definition and not from our code. */
function isSignedBy(
  accessKeyId: string,
  secret: string,
  headers: IncomingMessage['headers'],
  text: string,
): boolean {
  const hmac = (key: string | Buffer, data: string) =>
    createHmac('sha256', key).update(data).digest()
  const hex = (data: string) => createHash('sha256').update(data).digest('hex')
  const [, id, day = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\d{8})\/eu-central-1\/kms\/aws4_request, SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? []
  const needed = ['content-type', 'host', 'x-amz-date', 'x-amz-target']
  if (id !== accessKeyId || !needed.every((name) => names.split(';').includes(name))) return false
  const lines = names.split(';').map((name) => `${name}:${String(headers[name])}\n`)
  const canonical = `POST\n/\n\n${lines.join('')}\n${names}\n${hex(text)}`
  const toSign = `AWS4-HMAC-SHA256\n${String(headers['x-amz-date'])}\n${day}/eu-central-1/kms/aws4_request\n${hex(canonical)}`
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), 'eu-central-1'), 'kms'), 'aws4_request')
  return hmac(key, toSign).toString('hex') === signature
}
