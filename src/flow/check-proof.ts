/** Whether a caller holds the key it binds its tokens to, shown anew for each request (RFC 9449). */
import { isProofNonce, PROOF_TIME, type Proof, proofNonce, readProof } from '../crypto/dpop.ts'
import { hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { transact } from '../store/database.ts'
import { spendAssertion } from '../store/grant.ts'
import type { PreparedTenant } from './tenants.ts'

/** A request as its proof must describe it. */
export interface ProvenRequest {
  /** The `DPoP` header. */
  proof: string
  method: string
  /** Without the query, as the world sees it. */
  url: string
}

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

/**
 * The thumbprint of the key, at the token endpoint and where requests are pushed. A proof needs a nonce of ours there, so
 * that none can be made ahead of time. Throws `use_dpop_nonce` with the nonce, and `invalid_dpop_proof`, also for one that was seen before.
 */
export async function checkTokenProof(
  means: Means,
  prepared: PreparedTenant,
  request: ProvenRequest,
): Promise<string> {
  const now = means.clock()
  const { id } = prepared.tenant
  const proof = readProof(request.proof, { ...request, accessToken: undefined, now })
  if (proof === undefined) return refuse({})
  if (!isProofNonce(means.keyring, id, proof.nonce, now))
    fail({
      ...{ kind: 'oauth', error: 'use_dpop_nonce', description: 'the proof needs this nonce' },
      dpopNonce: nextNonce(means, prepared),
    })
  if (!(await spend(means, prepared, proof, now))) return refuse({})
  return proof.jkt
}

/** The nonce for the next proof at those endpoints. */
export function nextNonce(
  means: Pick<Deps, 'keyring' | 'clock'>,
  prepared: PreparedTenant,
): string {
  return proofNonce(means.keyring, prepared.tenant.id, means.clock())
}

/** The thumbprint of the key, where a token is used. Throws `invalid_dpop_proof` with status 401. */
export async function checkResourceProof(
  means: Pick<Deps, 'db' | 'clock'>,
  prepared: PreparedTenant,
  request: ProvenRequest & { accessToken: string },
): Promise<string> {
  const now = means.clock()
  const proof = readProof(request.proof, { ...request, now })
  if (proof === undefined || !(await spend(means, prepared, proof, now)))
    return refuse({ challenge: 'DPoP' })
  return proof.jkt
}

/** Each `jti` once for its key, for as long as a proof can be good. */
async function spend(
  { db }: Pick<Deps, 'db'>,
  prepared: PreparedTenant,
  proof: Proof,
  now: number,
): Promise<boolean> {
  const tenantId = prepared.tenant.id
  const [spent] = await transact(db, tenantId, [
    spendAssertion({
      tenantId,
      // Two words: no client id has a space, so proofs and assertions cannot be taken for one another.
      clientId: `dpop ${proof.jkt}` as ClientId,
      jtiHash: hashSecret(proof.jti),
      expiresAt: toInstant(now + 2 * PROOF_TIME),
    }),
  ])
  return spent.length === 1
}

function refuse(where: { challenge?: 'DPoP' }): never {
  return fail({
    ...{ kind: 'oauth', error: 'invalid_dpop_proof', description: 'the proof is not valid' },
    ...where,
  })
}
