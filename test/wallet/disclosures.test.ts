import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BridgeError } from '../../src/domain/failure.ts'
import type { Json, JsonObject } from '../../src/domain/text.ts'
import { digestOf, revealClaims } from '../../src/wallet/disclosures.ts'
import { encode, refusalOf } from './world.ts'

const digest = (disclosure: string) => hash('sha256', disclosure, 'base64url')
const text = (json: string) => Buffer.from(json).toString('base64url')

describe('the examples of RFC 9901', () => {
  it('SD-19 section 4.2.3: the digest of the family name', () => {
    const disclosure = 'WyI2cU1RdlJMNWhhaiIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0'
    expect(digestOf({}, disclosure)).toBe('uutlBuYeMDyjLLTpf6Jxi7yNkEF35jdyWMn9U7b_RYY')
    expect(revealClaims({ _sd: [digest(disclosure)] }, [disclosure])).toEqual({
      family_name: 'Möbius',
    })
  })

  it('SD-19 section 5.1: the digest of the given name', () => {
    const disclosure = 'WyIyR0xDNDJzS1F2ZUNmR2ZyeU5STjl3IiwgImdpdmVuX25hbWUiLCAiSm9obiJd'
    expect(digestOf({}, disclosure)).toBe('jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4')
    const payload = { _sd: ['jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4'], _sd_alg: 'sha-256' }
    expect(revealClaims(payload, [disclosure])).toEqual({ given_name: 'John' })
  })

  it('SD-19 section 4.2.2: the digest of an array element', () => {
    const disclosure = 'WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0'
    expect(digestOf({}, disclosure)).toBe('w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs')
    const payload = { nationalities: ['DE', { '...': digest(disclosure) }] }
    expect(revealClaims(payload, [disclosure])).toEqual({ nationalities: ['DE', 'FR'] })
  })
})

describe('what a holder shows', () => {
  it('SD-06 the digest is over the text as received, however its JSON is written', () => {
    const disclosure = text('[ "salt",\n"\\u0065mail" , "ad\\u0061@example.org" ]')
    expect(revealClaims({ _sd: [digest(disclosure)] }, [disclosure])).toEqual({
      email: 'ada@example.org',
    })
  })

  it('SD-11 decoys and hidden claims vanish, in objects and arrays', () => {
    const payload = {
      _sd: ['decoy'],
      _sd_alg: 'sha-256',
      list: ['a', { '...': 'hidden' }],
      inner: { _sd: ['x'] },
    }
    expect(revealClaims(payload, [])).toEqual({ list: ['a'], inner: {} })
  })

  it('SD-12 a disclosure inside a disclosed value is revealed', () => {
    const child = encode(['salt', 'locality', 'Delft'])
    const parent = encode(['salt', 'address', { _sd: [digest(child)], country: 'NL' }])
    expect(revealClaims({ _sd: [digest(parent)] }, [child, parent])).toEqual({
      address: { country: 'NL', locality: 'Delft' },
    })
  })

  it('SD-12 elements inside a disclosed array are revealed in order', () => {
    const [first, second] = [encode(['s', 1]), encode(['s', { deep: true }])]
    const parent = encode(['s', 'list', [{ '...': digest(second) }, 0, { '...': digest(first) }]])
    expect(revealClaims({ _sd: [digest(parent)] }, [first, second, parent])).toEqual({
      list: [{ deep: true }, 0, 1],
    })
  })

  it('SD-17 the result has no prototype', () => {
    expect(Object.getPrototypeOf(revealClaims({ a: { b: 1 } }, []))).toBeNull()
  })
})

describe('refused disclosures', () => {
  const child = encode(['salt', 'child', 1])
  const email = encode(['salt', 'email', 'a@b'])
  const element = encode(['salt', 'element'])
  const of = (json: unknown) => encode(json)
  const rows: [string, JsonObject, string[]][] = [
    ['SD-07 four elements', { _sd: [digest(of([1, 2, 3, 4]))] }, [of([1, 2, 3, 4])]],
    ['SD-07 one element', { _sd: [digest(of(['s']))] }, [of(['s'])]],
    ['SD-07 an object', { _sd: [digest(of({}))] }, [of({})]],
    ['SD-07 a salt that is no text', { _sd: [digest(of([1, 'a', 2]))] }, [of([1, 'a', 2])]],
    ['SD-07 a name that is no text', { _sd: [digest(of(['s', 1, 2]))] }, [of(['s', 1, 2])]],
    ['SD-07 a member in an array', { list: [{ '...': digest(email) }] }, [email]],
    ['SD-07 an element in an object', { _sd: [digest(element)] }, [element]],
    ['SD-07 base64 with padding', { _sd: [digest(`${email}=`)] }, [`${email}=`]],
    ['SD-07 an empty disclosure', { _sd: [digest('')] }, ['']],
    ['SD-08 a claim named ...', { _sd: [digest(of(['s', '...', 1]))] }, [of(['s', '...', 1])]],
    [
      'SD-08 a claim named _sd_alg',
      { _sd: [digest(of(['s', '_sd_alg', 'x']))] },
      [of(['s', '_sd_alg', 'x'])],
    ],
    ['SD-08 a name that is there already', { email: 'x', _sd: [digest(email)] }, [email]],
    [
      'SD-08 two disclosures of one name',
      { _sd: [digest(email), digest(of(['other', 'email', 'c']))] },
      [email, of(['other', 'email', 'c'])],
    ],
    ['SD-08 ... beside other members', { list: [{ '...': 'x', a: 1 }] }, []],
    ['SD-08 ... as a member of an object', { a: { '...': 'x' } }, []],
    ['SD-09 one digest at two places', { a: { _sd: ['x'] }, list: [{ '...': 'x' }] }, []],
    ['SD-09 a digest again inside a disclosure', inside(child), [child, parentOf(child)]],
    ['SD-10 nothing references it', {}, [email]],
    ['SD-12 a child without its parent', { _sd: [digest(parentOf(child))] }, [child]],
    ['VC-03 another name of the type is hidden', { aka_vcts: [{ '...': 'x' }] }, []],
    ['VC-03 a part of the key is hidden', { cnf: { jwk: { _sd: ['x'] } } }, []],
    ['SD-09 _sd is no array', { _sd: 'x' }, []],
    ['SD-09 a digest is no text', { _sd: [1] }, []],
    ['SD-05 _sd_alg below the top', { a: { _sd_alg: 'sha-256' } }, []],
    [
      'SD-17 a claim named constructor',
      { _sd: [digest(of(['s', 'constructor', 1]))] },
      [of(['s', 'constructor', 1])],
    ],
    [
      'SD-17 a member twice',
      { _sd: [digest(text('["s","a",{"b":1,"b":2}]'))] },
      [text('["s","a",{"b":1,"b":2}]')],
    ],
    ['SD-07 text that is not UTF-8', { _sd: [digest('W_-_')] }, ['W_-_']],
  ]
  it.each(rows)('%s', async (_, payload, disclosures) => {
    expect(await refusalOf(() => revealClaims(payload, disclosures))).toBe('disclosure_invalid')
  })

  it.each(['sha-256-32', 'sha-1', 'md5', 'SHA-256', 'toString', 7, null])(
    'SD-05 _sd_alg %s',
    async (name) => {
      expect(await refusalOf(() => revealClaims({ _sd_alg: name }, []))).toBe('algorithm_refused')
    },
  )

  function parentOf(disclosure: string): string {
    return encode(['salt', 'parent', { _sd: [digest(disclosure)] }])
  }

  function inside(disclosure: string): JsonObject {
    return { _sd: [digest(disclosure), digest(parentOf(disclosure))] }
  }
})

describe('any payload', () => {
  it('RE-07 ends in claims or in a typed refusal', () => {
    const name = fc.constantFrom('_sd', '...', '_sd_alg', 'a', 'b', 'cnf')
    const node = fc.letrec<{ node: Json }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<Json>(
          'x',
          1,
          null,
          digest(encode(['s', 'a', 1])),
          digest(encode(['s', 1])),
        ),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(name, tie('node'), { maxKeys: 3 }),
      ),
    })).node
    const disclosure = fc.oneof(
      fc.constantFrom(encode(['s', 'a', 1]), encode(['s', 1])),
      node.map((value) => encode(['s', 'b', value])),
    )
    const attempt = fc.property(
      fc.dictionary(name, node, { maxKeys: 4 }),
      fc.array(disclosure, { maxLength: 3 }),
      (payload, disclosures) => {
        try {
          expect(JSON.stringify(revealClaims(payload, disclosures))).not.toMatch(
            /"(_sd|\.\.\.|_sd_alg)":/,
          )
        } catch (error) {
          expect(error).toBeInstanceOf(BridgeError)
        }
      },
    )
    fc.assert(attempt, { seed: 9901, numRuns: 1_000 })
  })
})
