/** Policy documents of a tenant, parsed, by kind and number; published ones never change, so they are never read twice. */
import { fail } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import type { PolicyVersions } from '../domain/journey.ts'
import {
  POLICY_KINDS,
  type PolicyDocuments,
  type PolicyKind,
  readPolicy,
} from '../domain/policy.ts'
import { type BridgeDatabase, read } from '../store/database.ts'
import { findPolicy } from '../store/policy.ts'
import type { Policies } from './tenants.ts'

export interface PolicyShelf {
  put<K extends PolicyKind>(kind: K, version: number, text: string): PolicyDocuments[K]
  /** Throws `not_found` for a number that was never published. */
  find<K extends PolicyKind>(kind: K, version: number): Promise<PolicyDocuments[K]>
}

export function createPolicyShelf({ db }: { db: BridgeDatabase }, tenantId: TenantId): PolicyShelf {
  const parsed = new Map<string, unknown>()
  function put<K extends PolicyKind>(kind: K, version: number, text: string): PolicyDocuments[K] {
    const document = readPolicy(kind, JSON.parse(text))
    parsed.set(`${kind} ${version}`, document)
    return document
  }
  return {
    put,
    async find<K extends PolicyKind>(kind: K, version: number) {
      const known = parsed.get(`${kind} ${version}`)
      if (known !== undefined) return known as PolicyDocuments[K]
      const [[row]] = await read(db, tenantId, [findPolicy({ tenantId, kind, version })])
      if (row === undefined) return fail({ kind: 'not_found' })
      return put(kind, version, row.document)
    },
  }
}

/** Puts the current documents on the shelf; undefined until one of every kind has been published. */
export function putPolicies(
  shelf: PolicyShelf,
  rows: readonly { kind: PolicyKind; version: number; document: string }[],
): Policies | undefined {
  if (POLICY_KINDS.some((kind) => !rows.some((row) => row.kind === kind))) return undefined
  const entries = rows.map(
    (row) => [row.kind, shelf.put(row.kind, row.version, row.document)] as const,
  )
  return {
    documents: Object.fromEntries(entries) as unknown as PolicyDocuments,
    versions: Object.fromEntries(
      rows.map((row) => [row.kind, row.version]),
    ) as unknown as PolicyVersions,
  }
}
