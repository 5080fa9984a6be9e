/**
 * AWS Signature Version 4 for one POST to the root of a service: what AWS KMS wants under every call. Checked against the
 * examples of Amazon's own signing suite.
 */

import { createHmac, hash } from 'node:crypto'

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | undefined
}

export interface AwsRequest {
  readonly method: 'GET' | 'POST'
  /** Without query; only the root is asked for. */
  readonly host: string
  readonly region: string
  readonly service: string
  /** Lower-case names; `host` and `x-amz-date` come from here. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const ALGORITHM = 'AWS4-HMAC-SHA256'

/** The headers to send: those of the request, `x-amz-date`, the session token and `authorization`. `at` is in milliseconds. */
export function signAwsRequest(
  request: AwsRequest,
  credentials: AwsCredentials,
  at: number,
): Record<string, string> {
  const time = new Date(at).toISOString().replaceAll(/[:-]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const { sessionToken } = credentials
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  }
  const signed = Object.entries({ ...headers, host: request.host })
    .map(([name, value]) => [name, value.trim().replaceAll(/ +/g, ' ')] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const names = signed.map(([name]) => name).join(';')
  const canonical = [
    request.method,
    '/',
    '',
    ...signed.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    sha256Hex(request.body),
  ].join('\n')
  const scope = `${day}/${request.region}/${request.service}/aws4_request`
  const toSign = [ALGORITHM, time, scope, sha256Hex(canonical)].join('\n')
  const signature = hmac(signingKey(credentials.secretAccessKey, request, day), toSign)
  const credential = `Credential=${credentials.accessKeyId}/${scope}`
  headers.authorization = `${ALGORITHM} ${credential}, SignedHeaders=${names}, Signature=${signature.toString('hex')}`
  return headers
}

function signingKey(secret: string, { region, service }: AwsRequest, day: string): Buffer {
  const steps = [day, region, service, 'aws4_request']
  return steps.reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`))
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex')
}
