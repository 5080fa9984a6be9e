/**
 * Machine clients: programs of an institution that act for themselves, with a token of their own (RFC 6749 section 4.4,
 * RFC 9068).
 */
import type { DataAccess } from './data-access.ts'
import type { ClientId } from './ids.ts'

/** What a machine token may allow, each with the sentence that tells people so. */
export const MACHINE_SCOPES = {
  'reconciliation:read': 'Look people up and read what the bridge knows of them.',
  'reconciliation:write': 'Add data about people, in the categories of the registration.',
  'devices:manage': "List and revoke people's wallets.",
  'privacy:erase': 'Erase a person.',
  'audit:read': 'Read the audit trail.',
  'providers:manage': "Register, read and switch the institutions' OpenID providers.",
  'policies:manage': 'Publish and read policy documents.',
} as const
export type MachineScope = keyof typeof MACHINE_SCOPES
export const MACHINE_SCOPE_NAMES = Object.keys(MACHINE_SCOPES) as [MachineScope, ...MachineScope[]]

/** Who calls with a machine token, and what it may do with it. */
export interface MachineClient {
  clientId: ClientId
  /** What both the token and the registration allow. */
  scopes: ReadonlySet<MachineScope>
  /** What of people it may see and change. */
  access: DataAccess
  /** Who made the token: ourselves, or the tenant's own authorization server. */
  issuer: string
}

/** The audience of tokens for a tenant's data API; `resource` asks for it (RFC 8707), and it is the default. */
export function dataApiOf(issuer: string): string {
  return `${issuer}/api/v1`
}

/** The scopes of a space-separated text that we know; unknown ones say nothing to us. */
export function knownMachineScopes(scope: string): readonly MachineScope[] {
  const named = new Set(scope.split(' '))
  return MACHINE_SCOPE_NAMES.filter((name) => named.has(name))
}

/** Whether a text can be a resource's name: an absolute URI without fragment (RFC 8707 section 2). */
export function isResourceName(text: string): boolean {
  return text.length <= 512 && /^[a-z][a-z0-9+.-]*:[!-"$-~]+$/i.test(text) && URL.canParse(text)
}
