/** Whom an administrator means, as flows take it. */
import type { ToldIdentifier } from '../../domain/sought-identifier.ts'
import { identifierOf } from '../data/told-identifier.ts'
import type { Body } from './shapes.ts'

/** Throws `invalid_request` where it does not say, or says twice, who gave the identifier. */
export function toldBy(body: Body<'NamedIdentifier'>): ToldIdentifier {
  if (!('kind' in body)) return identifierOf(body)
  if (body.kind === 'key') return { type: 'KEY', thumbprint: body.thumbprint }
  return { type: 'SUBJECT_ID', provider: body.provider, value: body.value }
}
