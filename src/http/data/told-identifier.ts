/** An identifier in the body of a request, of whichever kind, as flows take it. */
import type { z } from 'zod'
import { fail } from '../../domain/failure.ts'
import type { ToldIdentifier } from '../../domain/sought-identifier.ts'
import type { Lookup } from './shapes.ts'

/** Throws `invalid_request` where it does not say, or says twice, who gave the identifier. */
export function identifierOf(body: z.output<typeof Lookup>): ToldIdentifier {
  switch (body.identifier_type) {
    case 'SUBJECT_ID':
      return subjectIdOf(body)
    case 'KEY':
      return { type: 'KEY', thumbprint: body.identifier }
    case 'DID':
      return { type: 'DID', did: body.identifier }
    case 'EMAIL':
      return addressOf(body)
    case 'CLAIM_TUPLE': {
      const { material, issuer, claims } = body
      return { type: 'CLAIM_TUPLE', material, issuer, claims }
    }
  }
}

type SubjectId = Extract<z.output<typeof Lookup>, { identifier_type: 'SUBJECT_ID' }>

/** An account at a provider, or the subject of a credential: one of the two. */
function subjectIdOf({ provider, material, issuer, identifier: value }: SubjectId): ToldIdentifier {
  if (provider !== undefined && material === undefined && issuer === undefined)
    return { type: 'SUBJECT_ID', provider, value }
  if (provider === undefined && material !== undefined && issuer !== undefined)
    return { type: 'SUBJECT_ID', material, issuer, value }
  return fail({
    kind: 'invalid_request',
    detail: 'body: needs provider alone, or material and issuer',
  })
}

type Address = Extract<z.output<typeof Lookup>, { identifier_type: 'EMAIL' }>

function addressOf({ provider, issuer, identifier: address }: Address): ToldIdentifier {
  if (provider !== undefined && issuer === undefined) return { type: 'EMAIL', provider, address }
  if (provider === undefined && issuer !== undefined) return { type: 'EMAIL', issuer, address }
  return fail({ kind: 'invalid_request', detail: 'body: needs provider or issuer, one of them' })
}
