import { expect, test } from 'vitest'
import { checkUrl } from '../../src/outbound/url.ts'

const PRODUCTION = { allowLoopback: false, allowedPorts: [443] }
const DEVELOPMENT = { allowLoopback: true, allowedPorts: [443] }
const REFUSAL = expect.objectContaining({
  failure: { kind: 'outbound_refused', reason: 'url_refused' },
})

test.each([
  ['http://idp.example.org/', 'UP-50 plain http'],
  ['ftp://idp.example.org/', 'UP-50 another scheme'],
  ['file:///etc/passwd', 'UP-50 a file'],
  ['data:application/json,{}', 'UP-50 data'],
  ['//idp.example.org/', 'UP-50 no scheme'],
  ['idp.example.org', 'UP-50 no scheme at all'],
  ['', 'UP-50 nothing'],
  ['https://', 'UP-50 no host'],
  ['https:///path', 'UP-50 an empty host that the parser skips'],
  ['https:idp.example.org', 'UP-50 no slashes'],
  ['https:/idp.example.org/', 'UP-50 one slash'],
  ['https://idp.example.org:8443/', 'UP-50 another port'],
  ['https://idp.example.org:80/', "UP-50 http's port"],
  ['https://idp.example.org:0/', 'UP-50 port 0'],
  ['https://user@idp.example.org/', 'UP-50 user'],
  ['https://user:secret@idp.example.org/', 'UP-50 user and password'],
  ['https://@idp.example.org/', 'UP-50 empty user'],
  ['https://idp.example.org@10.0.0.1/', 'UP-50 a host as user'],
  ['https://idp.example.org/#part', 'UP-50 fragment'],
  ['https://idp.example.org/#', 'UP-50 empty fragment'],
  ['https://93.184.215.14/', 'UP-50 IPv4 literal, even a public one'],
  ['https://[2606:4700::1111]/', 'UP-50 IPv6 literal'],
  ['https://127.0.0.1/', 'UP-54 loopback'],
  ['https://2130706433/', 'UP-54 decimal'],
  ['https://0x7f000001/', 'UP-54 hex'],
  ['https://0x7f.0x0.0x0.0x1/', 'UP-54 hex in parts'],
  ['https://017700000001/', 'UP-54 octal'],
  ['https://0177.0.0.1/', 'UP-54 octal in parts'],
  ['https://127.1/', 'UP-54 two parts'],
  ['https://127.0.1/', 'UP-54 three parts'],
  ['https://0/', 'UP-54 zero'],
  ['https://127.0.0.1./', 'UP-54 literal with a trailing dot'],
  ['https://[::1]/', 'UP-54 IPv6 loopback'],
  ['https://[::]/', 'UP-54 IPv6 unspecified'],
  ['https://[::ffff:127.0.0.1]/', 'UP-54 IPv4-mapped'],
  ['https://[::ffff:7f00:1]/', 'UP-54 IPv4-mapped in hex'],
  ['https://[64:ff9b::7f00:1]/', 'UP-54 NAT64'],
  ['https://[fe80::1%25eth0]/', 'UP-54 zone'],
  ['https://169.254.169.254/latest/meta-data', 'UP-54 metadata service'],
  ['https://idp.example.org./', 'UP-54 trailing dot'],
  ['https://.example.org/', 'UP-54 leading dot'],
  ['https://idp..example.org/', 'UP-54 empty label'],
  ['https://localhost/', 'UP-54 localhost'],
  ['https://LOCALHOST/', 'UP-54 localhost in capitals'],
  ['https://localhost./', 'UP-54 localhost with a dot'],
  ['https://a.localhost/', 'UP-54 below localhost'],
  ['https://metadata.google.internal/', 'UP-54 .internal'],
  ['https://printer.local/', 'UP-54 .local'],
  ['https://router.home.arpa/', 'UP-54 home.arpa'],
  ['https://nas.lan/', 'UP-54 .lan'],
  ['https://hidden.onion/', 'UP-54 .onion'],
  ['https://intranet/', 'UP-54 a single label'],
  ['https://idp.example.123/', 'UP-54 a top level of digits'],
  ['https://127\u30020\u30020\u30021/', 'UP-54 ideographic dots around an address'],
  ['https://idp\u3002example\u3002org/', 'UP-54 ideographic dots in a name'],
  ['https://idp\uff0eexample.org/', 'UP-54 full-width dot'],
  ['https://\uff11\uff12\uff17.0.0.1/', 'UP-54 full-width digits'],
  ['https://\u24db\u24de\u24d2alhost/', 'UP-54 circled letters'],
  ['https://b\u00fccher.example.org/', 'UP-54 a name that is not ASCII'],
  ['https://%31%32%37.0.0.1/', 'UP-54 percent-encoded address'],
  ['https://idp%2eexample.org/', 'UP-54 percent-encoded dot'],
  ['https://idp.example.org%00.evil.example/', 'UP-54 encoded zero byte'],
  ['https:\\\\idp.example.org\\', 'UP-54 back slashes'],
  ['https://idp.example.org\\@evil.example/', 'UP-54 back slash before the user sign'],
  ['https://idp.example.org\t/', 'UP-54 tab'],
  ['https://idp.exa\nmple.org/', 'UP-54 line break'],
  [' https://idp.example.org/', 'UP-54 leading space'],
  ['https://-idp.example.org/', 'UP-54 label begins with a hyphen'],
  [`https://${'a'.repeat(64)}.example.org/`, 'UP-54 label too long'],
  [`https://${'a.'.repeat(130)}org/`, 'UP-54 name too long'],
  [`https://idp.example.org/${'a'.repeat(2048)}`, 'UP-54 URL too long'],
])('%j is refused: %s', (text) => {
  expect(() => checkUrl(text, PRODUCTION)).toThrow(REFUSAL)
})

test.each([
  'https://idp.example.org',
  'https://idp.example.org/',
  'https://IDP.Example.org/a/b?c=d',
  'https://idp.example.org:443/',
  'https://xn--bcher-kva.example.org/',
  'https://a_b.example.org/',
  'https://10.example.org/',
  'https://localhost.example.org/',
])('UP-50 %s is let through', (text) => {
  expect(checkUrl(text, PRODUCTION)).toMatchObject({ loopback: false })
})

test('UP-50 a port is let through only where it is listed', () => {
  const rules = { allowLoopback: false, allowedPorts: [443, 8443] }
  expect(checkUrl('https://idp.example.org:8443/', rules).url.port).toBe('8443')
  expect(() => checkUrl('https://idp.example.org:8444/', rules)).toThrow(REFUSAL)
})

test.each([
  'http://127.0.0.1:3999/',
  'http://127.9.9.9/',
  'http://[::1]:3999/',
  'http://localhost:3999/',
  'https://localhost:3999/',
  'http://idp.localhost:3999/',
])('UP-50 %s is let through under the development switch, for loopback alone', (text) => {
  expect(checkUrl(text, DEVELOPMENT)).toMatchObject({ loopback: true })
})

test.each([
  'http://idp.example.org/',
  'https://idp.example.org:8443/',
  'http://10.0.0.1/',
  'https://93.184.215.14/',
  'http://[::ffff:127.0.0.1]/',
  'http://0.0.0.0/',
  'http://user@127.0.0.1/',
  'http://127.0.0.1/#part',
  'http://127.1/',
  'http://2130706433/',
  'ftp://127.0.0.1/',
  'https://metadata.google.internal/',
])('UP-50 %s is refused under the development switch too', (text) => {
  expect(() => checkUrl(text, DEVELOPMENT)).toThrow(REFUSAL)
})
