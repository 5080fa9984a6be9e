/** Answers on their way back to a relying party: its own address, with parameters added. */

/**
 * The address with parameters behind whatever query it has, which stays as it was registered, character by character (RFC
 * 6749 section 3.1.2, protocols OP-01). Undefined ones are left out.
 */
export function withParameters(address: string, parameters: Told): string {
  const added = inForm(parameters)
  if (added.size === 0) return address
  return `${address}${joint(address)}${added}`
}

/** The same behind `#`, which no registered address has (OAuth 2.0 Multiple Response Type Encoding Practices 2.1). */
export function withFragment(address: string, parameters: Told): string {
  return `${address}#${inForm(parameters)}`
}

type Told = { readonly [name: string]: string | undefined }

function inForm(parameters: Told): URLSearchParams {
  const added = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) added.append(name, value)
  return added
}

function joint(address: string): string {
  if (!address.includes('?')) return '?'
  return /[?&]$/.test(address) ? '' : '&'
}
