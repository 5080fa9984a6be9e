/** DPoP proofs made by hand (RFC 9449 section 4.2), honest but for what a test changes. */
import { createHash } from 'node:crypto'
import { exportJWK, type generateKeyPair, SignJWT } from 'jose'

export type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>

/** What differs from an honest proof; a claim that is undefined is left out. */
export interface ProofChanges {
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  pair?: KeyPair
}

/** A proof for one request: `htm` and `htu` as they are meant, `now` in milliseconds. */
export async function proveFor(
  { htm, htu, now, keys }: { htm: string; htu: string; now: number; keys: KeyPair },
  { claims = {}, header = {}, pair = keys }: ProofChanges = {},
): Promise<string> {
  return await new SignJWT({
    ...{ htm, htu, iat: Math.floor(now / 1000), jti: crypto.randomUUID(), ...claims },
  })
    .setProtectedHeader({
      ...{ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(pair.publicKey) },
      ...header,
    })
    .sign(pair.privateKey)
}

/** The same proof, saying that it needs no signature. */
export function unsignedProof(proof: string): string {
  const [head = '', payload] = proof.split('.')
  const header = { ...JSON.parse(Buffer.from(head, 'base64url').toString('utf8')), alg: 'none' }
  return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}.`
}

/** What a proof says of the token it goes with. */
export const ath = (token: string) => createHash('sha256').update(token).digest('base64url')
