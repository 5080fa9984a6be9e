import { expect, test } from 'vitest'
import { locateToken, newCodeToken } from '../../src/crypto/opaque-token.ts'
import { hashSecret, randomText } from '../../src/crypto/random.ts'

test('OP-66 an access token of a code names the row of its code, and lies there as a hash', () => {
  const codeHash = hashSecret(randomText())
  const token = newCodeToken(codeHash)
  expect(token).toMatch(/^[A-Za-z0-9_-]{86}$/)
  expect(locateToken(token)).toEqual({ tokenHash: hashSecret(token), codeHash })
  expect(newCodeToken(codeHash)).not.toBe(token)
})

test('OP-66 a token of a refresh stands alone, and what is no token of ours is looked for nowhere', () => {
  const token = randomText()
  expect(locateToken(token)).toEqual({ tokenHash: hashSecret(token), codeHash: null })
  for (const text of [
    '',
    token.slice(1),
    `${token}A`,
    `${token}.${token}`,
    `${token}${token}${token}`,
    'eyJ.a.b',
  ])
    expect(locateToken(text)).toBeUndefined()
})
