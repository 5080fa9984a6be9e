/** Consent: what a person is asked before a relying party learns about them, and when an earlier yes is enough. */
import type { RelyingParty } from './relying-party.ts'
import type { Tenant } from './tenant.ts'

/** What a relying party would learn and why: what the person is asked, and what they agreed to. */
export interface ConsentTerms {
  scopes: readonly string[]
  /** Names in the tenant's attribute rules. */
  claims: readonly string[]
  purpose: { readonly en: string; readonly nl: string } | undefined
}

/** Whether this relying party's logins need a yes: its own word, else the tenant's. */
export function asksConsent(
  tenant: Pick<Tenant, 'consent'>,
  relyingParty: Pick<RelyingParty, 'consent'>,
): boolean {
  return relyingParty.consent === 'tenant' ? tenant.consent : relyingParty.consent === 'ask'
}

/** Whether what was agreed to holds everything that is asked now, for the purpose it was agreed to. */
export function coversTerms(agreed: ConsentTerms, asked: ConsentTerms): boolean {
  return (
    isSamePurpose(agreed, asked) &&
    asked.scopes.every((scope) => agreed.scopes.includes(scope)) &&
    asked.claims.every((claim) => agreed.claims.includes(claim))
  )
}

/**
 * What is agreed to after another yes: both, where the purpose is the same, for nobody takes an earlier yes back by giving
 * one for something else; for another purpose the new one alone. Sorted, so that equal sets are equal texts.
 */
export function joinTerms(before: ConsentTerms | undefined, now: ConsentTerms): ConsentTerms {
  const kept = before !== undefined && isSamePurpose(before, now) ? before : undefined
  const join = (a: readonly string[] = [], b: readonly string[]) =>
    [...new Set([...a, ...b])].toSorted()
  return {
    scopes: join(kept?.scopes, now.scopes),
    claims: join(kept?.claims, now.claims),
    purpose: now.purpose,
  }
}

function isSamePurpose(a: ConsentTerms, b: ConsentTerms): boolean {
  return a.purpose?.en === b.purpose?.en && a.purpose?.nl === b.purpose?.nl
}
