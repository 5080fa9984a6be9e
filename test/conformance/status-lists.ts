/** The status lists that the suite serves beside its mock wallet: a JWT for SD-JWT VCs, a CWT for mdocs. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { deflateSync } from 'node:zlib'
import { cbor, mapOf, Raw, Tag, type Writable } from '../../simulator/cbor.ts'
import { signJwt } from '../../simulator/jose.ts'
import { certifiedIssuer, ISSUER_URL, type World } from '../../simulator/world.ts'

/** One bit each, the least significant first: the second is set. */
const LIST = deflateSync(Buffer.of(0b10, 0))
export const VALID = 0
export const REVOKED = 1
const STATUS_LIST = 'application/statuslist+cwt'
const IDENTIFIER_LIST = 'application/identifierlist+cwt'
/** What is on the list of identifiers, and what is not. */
export const LISTED = Buffer.from('0123456789abcdef')
export const UNLISTED = Buffer.from('fedcba9876543210')
/** A map by octets, which the writer does not know: one member, with nothing said of it. */
const IDENTIFIERS = mapOf({
  identifiers: new Raw(Buffer.concat([Buffer.of(0xa1), cbor(LISTED), cbor(new Map())])),
})

export interface StatusLists {
  /** Signed by the issuer of the SD-JWT VCs. */
  jwt: string
  /** Signed by somebody else below the root of the document signers. */
  cwt: string
  /** A list of identifiers, by the same. */
  identifiers: string
  close(): Promise<void>
}

export async function serveStatusLists(world: World): Promise<StatusLists> {
  const server = createServer((request, response) => {
    const uri = `${base()}${request.url}`
    const [type, body] =
      request.url === '/jwt'
        ? ['application/statuslist+jwt', jwtOf(world, uri)]
        : request.url === '/cwt'
          ? [STATUS_LIST, cwtOf(world, uri, STATUS_LIST, [65533, mapOf({ bits: 1, lst: LIST })])]
          : [IDENTIFIER_LIST, cwtOf(world, uri, IDENTIFIER_LIST, [65530, IDENTIFIERS])]
    response.setHeader('content-type', type)
    response.end(body)
  })
  const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    ...{ jwt: `${base()}/jwt`, cwt: `${base()}/cwt`, identifiers: `${base()}/identifiers` },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function jwtOf({ sdJwt, now }: World, sub: string): string {
  const x5c = sdJwt.chain.map((der) => Buffer.from(der).toString('base64'))
  const list = { bits: 1, lst: LIST.toString('base64url') }
  const claims = { iss: ISSUER_URL, sub, iat: now, exp: now + 3600, ttl: 600, status_list: list }
  return signJwt({ alg: 'ES256', typ: 'statuslist+jwt', x5c }, claims, sdJwt.key)
}

/** Labels of RFC 9052, 9360 and 9596, claims of RFC 8392 and of the token status list. */
function cwtOf(
  { seed, mdoc, now }: World,
  sub: string,
  type: string,
  claim: [number, Writable],
): Buffer {
  const { key, chain } = certifiedIssuer(seed, 'status', now * 1000, { authority: mdoc.authority })
  const header = cbor(
    new Map<number, Writable>([
      [1, -7],
      [16, type],
      [33, chain[0] ?? null],
    ]),
  )
  const payload = cbor(
    new Map<number, Writable>([[2, sub], [6, now], [4, now + 3600], [65534, 600], claim]),
  )
  const signature = key.sign(cbor(['Signature1', header, Buffer.alloc(0), payload]))
  return cbor(new Tag(18, [header, new Map(), payload, signature]))
}
