/**
 * The floor: a program that does what a login cannot be without and nothing else. It is fixed, and no service.
 *
 * Work of one login: six pipelined transactions under row-level security (`floor-rows.ts`), three ES256 verifications
 * (issuer, its certificate, holder), one ECDH-ES decryption, one key generation, two signatures (request, ID token), four
 * HMACs, two openings (`floor-crypto.ts`), and one bare node:http hop for each request of wallet and browser: four. What
 * the relying party asks (token, userinfo) is done at the end of the browser's return, without hops of its own.
 *
 * It has no routes, no limits, no pages, no checks beyond the signatures, and answers nobody but the bench.
 */
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { answerParent, readUsage } from './child.ts'
import {
  decryptAnswer,
  generateKey,
  mac,
  open,
  readPublicKey,
  seal,
  signToken,
  verifyToken,
} from './floor-crypto.ts'
import { BEGIN_JOURNEY, FETCH_REQUEST, GRANT, PRESENT, READ_CLAIMS, REDEEM } from './floor-rows.ts'

export interface FloorQuestion {
  databaseUrl: string
  poolSize: number
  tenantId: string
  privateKey: string
  /** SPKI PEM of the issuer. */
  issuerKey: string
  people: readonly { holderPublicKey: string; holderHash: string }[]
}

interface Floor {
  pool: pg.Pool
  tenantId: string
  privateKey: string
  issuerKey: KeyObject
  signingKey: KeyObject
  /** A token of our own: its check stands for that of a certificate. */
  certificate: { key: KeyObject; token: string }
  people: readonly { key: KeyObject; holderHash: string }[]
  sealedRequest: string
  sealedAttributes: string
}

const FIVE_MINUTES = 300_000
let roundTrips = 0

/** One pipelined transaction; returns the rows of its one statement. */
async function transact(
  floor: Floor,
  statement: { name: string; text: string },
  values: unknown[],
) {
  const client = await floor.pool.connect()
  try {
    roundTrips++
    const [, , answer] = await Promise.all([
      client.query({ name: 'begin', text: 'BEGIN' }),
      client.query({
        ...{ name: 'set_tenant', text: `SELECT set_config('app.tenant_id', $1, true)` },
        values: [floor.tenantId],
      }),
      client.query({ ...statement, values: [floor.tenantId, ...values] }),
      client.query({ name: 'commit', text: 'COMMIT' }),
    ])
    return answer.rows
  } finally {
    client.release()
  }
}

/** Browser: a journey begins. */
async function authorize(floor: Floor): Promise<string> {
  const journey = randomUUID()
  const now = Date.now()
  generateKey()
  await transact(floor, BEGIN_JOURNEY, [
    ...[journey, new Date(now).toISOString(), new Date(now + FIVE_MINUTES).toISOString()],
    ...[floor.sealedRequest, randomUUID(), randomUUID(), randomUUID()],
  ])
  return journey
}

/** Wallet: the signed request. */
async function handOut(floor: Floor, journey: string): Promise<string> {
  const [row] = await transact(floor, FETCH_REQUEST, [journey, new Date().toISOString()])
  return signToken(floor.signingKey, { ...(open(row.request) as object), journey })
}

/** Wallet: its answer. */
async function receive(
  floor: Floor,
  journey: string,
  person: number,
  body: string,
): Promise<string> {
  const known = floor.people[person]
  if (known === undefined) throw new Error('nobody of the sample')
  const response = new URLSearchParams(body).get('response') ?? ''
  const answer = decryptAnswer(floor.privateKey, response)
  const { eduid } = answer.vp_token as { eduid: [string] }
  const parts = eduid[0].split('~')
  verifyToken(floor.certificate.key, floor.certificate.token)
  verifyToken(floor.issuerKey, parts[0] ?? '')
  verifyToken(known.key, parts.at(-1) ?? '')
  mac(known.holderHash)
  const code = randomUUID()
  const now = new Date().toISOString()
  const attributes = floor.sealedAttributes
  await transact(floor, PRESENT, [journey, now, known.holderHash, attributes, mac(code)])
  return JSON.stringify({ redirect_uri: `/return/${journey}/${person}` })
}

/** Browser: back again; and what the relying party asks afterwards. */
async function finish(floor: Floor, journey: string, person: number): Promise<string> {
  const { holderHash } = floor.people[person] ?? { holderHash: '' }
  const now = Date.now()
  const at = new Date(now).toISOString()
  const until = new Date(now + FIVE_MINUTES).toISOString()
  const [code, token] = [randomUUID(), randomUUID()]
  const granted = await transact(floor, GRANT, [
    ...[journey, at, holderHash, randomUUID(), code, randomUUID(), mac(journey), until],
  ])
  if (granted.length !== 1) throw new Error('no grant')
  const subject = mac(holderHash)
  const [grant] = await transact(floor, REDEEM, [
    ...[code, at, token, randomUUID(), journey, subject, until],
  ])
  const idToken = signToken(floor.signingKey, { ...grant, iat: now, exp: now + FIVE_MINUTES })
  const [claims] = await transact(floor, READ_CLAIMS, [token])
  return JSON.stringify({ idToken, sub: claims.subject, claims: open(floor.sealedAttributes) })
}

async function answer(floor: Floor, request: IncomingMessage, response: ServerResponse) {
  const [, step, journey = '', person = ''] = (request.url ?? '').split('/')
  const body = request.method === 'POST' ? await readText(request) : ''
  switch (step) {
    case 'authorize':
      return response.end(await authorize(floor))
    case 'request':
      return response.end(await handOut(floor, journey))
    case 'response':
      return response.end(await receive(floor, journey, Number(person), body))
    default:
      return response.end(await finish(floor, journey, Number(person)))
  }
}

function readText(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    request.setEncoding('latin1')
    request.on('data', (part: string) => {
      text += part
    })
    request.on('end', () => resolve(text))
    request.on('error', reject)
  })
}

function prepare(question: FloorQuestion): Floor {
  const { databaseUrl: connectionString, poolSize: max, tenantId, privateKey } = question
  const signing = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const secrets = { nonce: 'n'.repeat(43), state: 's'.repeat(32), key: 'k'.repeat(43) }
  return {
    ...{ tenantId, privateKey, signingKey: signing.privateKey },
    pool: new pg.Pool({ connectionString, max, pipeline: true }),
    issuerKey: readPublicKey(question.issuerKey),
    certificate: { key: signing.publicKey, token: signToken(signing.privateKey, secrets) },
    people: question.people.map(({ holderPublicKey, holderHash }) => ({
      ...{ key: readPublicKey(holderPublicKey), holderHash },
    })),
    sealedRequest: seal(JSON.stringify({ ...secrets, redirect_uri: 'x'.repeat(500) })),
    sealedAttributes: seal(JSON.stringify({ given_name: 'Ada', family_name: 'Lovelace' })),
  }
}

answerParent({
  start: async (question: FloorQuestion) => {
    const floor = prepare(question)
    const server = createServer((request, response) => {
      answer(floor, request, response).catch((error: unknown) => {
        console.error(error)
        response.writeHead(500).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  },
  usage: () => readUsage(roundTrips),
})
