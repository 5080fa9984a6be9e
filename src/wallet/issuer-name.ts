/** What a certified issuer is called, by the rule of its trust entry. */
import type { Certificate } from './certificate.ts'
import type { CertifiedEntry } from './trust.ts'

/** Returns what the issuer is called by the entry's rule, or undefined where certificate and `iss` disagree (VC-09). */
export function nameIssuer(
  entry: CertifiedEntry,
  iss: string | undefined,
  leaf: Certificate,
): string | undefined {
  const rule = entry.issuer
  switch (rule.match) {
    case 'none':
      return entry.id
    case 'exact':
      return iss === rule.value ? `${entry.id}#${iss}` : undefined
    case 'san_uri':
      return named(
        entry,
        iss === undefined ? only(leaf.uris) : leaf.uris.find((uri) => uri === iss),
      )
    case 'san_dns':
      return named(
        entry,
        iss === undefined ? urlOf(only(leaf.dnsNames)) : onHost(iss, leaf.dnsNames),
      )
  }
}

function named(entry: CertifiedEntry, name: string | undefined): string | undefined {
  return name === undefined ? undefined : `${entry.id}#${name}`
}

function only(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined
}

/** A wildcard names no issuer. */
function urlOf(host: string | undefined): string | undefined {
  return host === undefined || host.includes('*') ? undefined : `https://${host.toLowerCase()}`
}

function onHost(iss: string, hosts: readonly string[]): string | undefined {
  const url = URL.parse(iss)
  const isCertified = hosts.some((host) => host.toLowerCase() === url?.hostname)
  return url?.protocol === 'https:' && isCertified ? iss : undefined
}
