import { describe, expect, it } from 'vitest'
import { readWalletAttributes } from '../../src/domain/attribute-values.ts'
import { AttributePolicy, keptWalletPaths, walletPaths } from '../../src/domain/attributes.ts'

const PID = 'eu.europa.ec.eudi.pid.1'
const rule = {
  ...{ name: 'birthdate', merge: 'WALLET_ONLY', persist: true },
  wallet: ['birthdate'],
  walletAlso: [[PID, 'birth_date']],
}
const policy = AttributePolicy.parse({ rules: [rule] })
const sdJwt = { claims: { birthdate: '1995-12-10' } }
const mdoc = (date: string) => ({ claims: { [PID]: { birth_date: date } } })

describe('an attribute that formats call otherwise', () => {
  it('MD-12 is read wherever it stands', () => {
    const read = { birthdate: '1995-12-10' }
    expect(readWalletAttributes(policy, [sdJwt])).toEqual(read)
    expect(readWalletAttributes(policy, [mdoc('1995-12-10')])).toEqual(read)
    expect(readWalletAttributes(policy, [sdJwt, mdoc('1995-12-10')])).toEqual(read)
  })

  it('MD-12 is left out where two places disagree', () => {
    expect(readWalletAttributes(policy, [sdJwt, mdoc('1995-12-11')])).toEqual({})
  })

  it('VP-061, VP-059 is asked for, and said to be kept, in each', () => {
    const paths = [['birthdate'], [PID, 'birth_date']]
    expect(walletPaths(policy)).toEqual(paths)
    expect(keptWalletPaths(policy)).toEqual(paths)
  })

  it('needs a first place', () => {
    const { wallet: _, ...without } = { ...rule, merge: 'OIDC_WINS' }
    expect(AttributePolicy.safeParse({ rules: [without] }).success).toBe(false)
  })
})
