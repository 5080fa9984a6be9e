import { expect, test } from 'vitest'
import { isLoopbackAddress, isRefusedAddress } from '../../src/outbound/address.ts'

const REFUSED: readonly (readonly [address: string, why: string])[] = [
  ['0.0.0.0', 'this host'],
  ['0.1.2.3', 'this network'],
  ['10.0.0.0', 'private, first'],
  ['10.255.255.255', 'private, last'],
  ['100.64.0.0', 'carrier-grade NAT, first'],
  ['100.100.100.200', "a cloud's metadata service"],
  ['100.127.255.255', 'carrier-grade NAT, last'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback, far end'],
  ['168.63.129.16', "a cloud's host agent"],
  ['169.254.0.1', 'link-local'],
  ['169.254.169.254', 'metadata service'],
  ['172.16.0.1', 'private, first'],
  ['172.31.255.255', 'private, last'],
  ['192.0.0.8', 'protocol assignments'],
  ['192.0.0.170', 'NAT64 discovery'],
  ['192.0.2.1', 'documentation'],
  ['192.31.196.1', 'AS112'],
  ['192.52.193.1', 'multicast tunnelling'],
  ['192.88.99.1', '6to4 relay'],
  ['192.168.0.1', 'private'],
  ['192.175.48.6', 'AS112'],
  ['198.18.0.1', 'benchmarking, first'],
  ['198.19.255.255', 'benchmarking, last'],
  ['198.51.100.7', 'documentation'],
  ['203.0.113.9', 'documentation'],
  ['224.0.0.1', 'multicast, first'],
  ['239.255.255.250', 'multicast, last'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::7f00:1', 'IPv4-compatible'],
  ['::127.0.0.1', 'IPv4-compatible, dotted'],
  ['::ffff:8.8.8.8', 'IPv4-mapped, even of a public address'],
  ['::ffff:a00:1', 'IPv4-mapped, in hex'],
  ['::ffff:0:8.8.8.8', 'IPv4-translated'],
  ['64:ff9b::8.8.8.8', 'NAT64'],
  ['64:ff9b:1::a00:1', 'local NAT64'],
  ['100::1', 'discard only'],
  ['2001::1', 'Teredo'],
  ['2001:2::1', 'benchmarking'],
  ['2001:20::1', 'ORCHID'],
  ['2001:db8::1', 'documentation'],
  ['2002:a00:1::1', '6to4 of a private address'],
  ['2002:808:808::1', '6to4 of a public address'],
  ['2620:4f:8000::1', 'AS112'],
  ['3fff::1', 'documentation'],
  ['4000::1', 'not assigned'],
  ['5f00::1', 'segment routing'],
  ['fc00::1', 'unique local'],
  ['fd00:ec2::254', "a cloud's metadata service"],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'with a zone'],
  ['febf::1', 'link-local, last'],
  ['fec0::1', 'site-local'],
  ['ff02::1', 'multicast'],
  ['', 'nothing'],
  ['localhost', 'a name'],
  ['8.8.8', 'too short'],
  ['8.8.8.8.8', 'too long'],
  ['008.8.8.8', 'leading zero'],
]

test.each(REFUSED)('UP-51 %s is refused: %s', (address) => {
  expect(isRefusedAddress(address)).toBe(true)
})

test.each([
  ...['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0'],
  ...['126.255.255.255', '128.0.0.1', '169.253.255.255', '169.255.0.0', '172.15.255.255'],
  ...['172.32.0.0', '192.0.1.1', '192.0.3.0', '192.167.255.255', '192.169.0.0', '198.17.255.255'],
  ...['198.20.0.0', '223.255.255.255', '145.100.1.2', '2001:200::1', '2001:610:108:203a::62'],
  ...['2003::1', '2606:4700::1111', '2a00:1450:4001::', '3ffe:ffff::1'],
])('UP-51 %s, next to a refused block or plainly public, is let through', (address) => {
  expect(isRefusedAddress(address)).toBe(false)
})

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['0:0:0:0:0:0:0:1', true],
  ['::ffff:127.0.0.1', false],
  ['::', false],
  ['::1%lo', false],
  ['128.0.0.1', false],
  ['localhost', false],
])('UP-51 the development switch takes %s for this machine: %s', (address, expected) => {
  expect(isLoopbackAddress(address)).toBe(expected)
})
