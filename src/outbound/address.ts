/**
 * Which IP addresses an outgoing request may never reach. The bridge sits inside a network that an attacker who
 * registers a provider, or names a metadata URL in a credential, cannot see into; this table keeps it that way.
 *
 * IPv4 refuses a list (the IANA special-purpose registry, RFC 6890, and one cloud platform's host address). IPv6 goes
 * the other way round: only global unicast `2000::/3` is let through, less the special blocks inside it, so whatever
 * embeds or translates an IPv4 address is out without having to be known: mapped, compatible, NAT64, ULA, link-local.
 */
import { isIPv4, isIPv6 } from 'node:net'

type Block = readonly [network: string, bits: number]

const REFUSED_V4: readonly Block[] = [
  ['0.0.0.0', 8], // "this network", RFC 791
  ['10.0.0.0', 8], // private, RFC 1918
  ['100.64.0.0', 10], // carrier-grade NAT, RFC 6598
  ['127.0.0.0', 8], // loopback
  ['168.63.129.16', 32], // Azure's host agent: a public number that only ever means the machine below
  ['169.254.0.0', 16], // link-local, and with it the metadata address of every large cloud
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // IETF protocol assignments
  ['192.0.2.0', 24], // documentation
  ['192.31.196.0', 24], // AS112
  ['192.52.193.0', 24], // automatic multicast tunnelling
  ['192.88.99.0', 24], // 6to4 relays, RFC 7526
  ['192.168.0.0', 16], // private
  ['192.175.48.0', 24], // AS112
  ['198.18.0.0', 15], // benchmarking
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, and 255.255.255.255
]

const GLOBAL_UNICAST_V6: Block = ['2000::', 3]

const REFUSED_V6: readonly Block[] = [
  ['2001::', 23], // IETF protocol assignments: Teredo, ORCHID, benchmarking
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4: carries an IPv4 address
  ['2620:4f:8000::', 48], // AS112
  ['3fff::', 20], // documentation, RFC 9637
]

/**
 * Whether a request must not be sent to this address (protocols UP-51). Anything that is not a plain IPv4 or IPv6
 * address, a zone identifier included, is refused too.
 */
export function isRefusedAddress(address: string): boolean {
  if (isIPv4(address))
    return REFUSED_V4.some((block) => within(bitsOfV4(address), blockBits(block)))
  if (!isIPv6(address) || address.includes('%')) return true
  const bits = bitsOfV6(address)
  if (!within(bits, blockBits(GLOBAL_UNICAST_V6))) return true
  return REFUSED_V6.some((block) => within(bits, blockBits(block)))
}

/** Whether the address is this machine itself: 127.0.0.0/8 or ::1. */
export function isLoopbackAddress(address: string): boolean {
  if (isIPv4(address)) return within(bitsOfV4(address), blockBits(['127.0.0.0', 8]))
  if (!isIPv6(address) || address.includes('%')) return false
  return bitsOfV6(address) === bitsOfV6('::1')
}

/** Addresses are compared as strings of `0` and `1`: slow beside integers, plain to check, and far off any hot path. */
function within(bits: string, prefix: string): boolean {
  return bits.startsWith(prefix)
}

function blockBits([network, length]: Block): string {
  return (isIPv4(network) ? bitsOfV4(network) : bitsOfV6(network)).slice(0, length)
}

function bitsOfV4(address: string): string {
  return address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('')
}

function bitsOfV6(address: string): string {
  const [head = '', tail] = address.split('::')
  const first = groupBits(head)
  if (tail === undefined) return first
  const last = groupBits(tail)
  return first + '0'.repeat(128 - first.length - last.length) + last
}

/** The bits of colon-separated groups, of which the last may be written as a dotted IPv4 address. */
function groupBits(groups: string): string {
  if (groups === '') return ''
  return groups
    .split(':')
    .map((group) =>
      group.includes('.')
        ? bitsOfV4(group)
        : Number.parseInt(group, 16).toString(2).padStart(16, '0'),
    )
    .join('')
}
