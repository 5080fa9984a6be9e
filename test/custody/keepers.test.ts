import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import { newRootKey, newScryptParameters } from '../../src/crypto/root-key.ts'
import { readSealedKeyring, writeSealedKeyring } from '../../src/crypto/sealed-keyring.ts'
import { askKeyService } from '../../src/custody/ask.ts'
import { findKeeper } from '../../src/custody/keeper.ts'
import { sealForFile } from '../../src/custody/keyring-file.ts'
import { loadKeyring, openKeyring } from '../../src/custody/load-keyring.ts'
import { passphraseKeeper } from '../../src/custody/passphrase.ts'
import { custodyOf, PASSPHRASE, ROOT_KEY } from './fixtures.ts'
import { type FakeService, startKms, startVault } from './services.ts'

const TEXT = createKeyringText()
const TOKEN = 'hvs.token-of-a-test'
const [ACCESS_KEY, SECRET_KEY] = ['AKIATEST', 'secret/half+of/the+access/key']

let vault: FakeService
let kms: FakeService
beforeAll(async () => {
  vault = await startVault(TOKEN)
  kms = await startKms(ACCESS_KEY, SECRET_KEY)
})
afterAll(() => Promise.all([vault.close(), kms.close()]))

const vaultVariables = (): Record<string, string> => ({
  ...{ VAULT_ADDR: vault.url, VAULT_TOKEN: TOKEN, VAULT_NAMESPACE: 'campus' },
})
const awsVariables = (): Record<string, string> => ({
  ...{ AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL_KMS: kms.url },
  ...{ AWS_ACCESS_KEY_ID: ACCESS_KEY, AWS_SECRET_ACCESS_KEY: SECRET_KEY },
})

const sealed = (keeper: string, environment: Record<string, string>) =>
  sealForFile(TEXT, keeper, custodyOf(environment), Date.now)
const opened = async (text: string, environment: Record<string, string>) =>
  (await openKeyring(text, custodyOf(environment), Date.now)).text

describe('CR-34 a sealed keyring', () => {
  test.each([
    ['root-key', () => ({ KEYRING_ROOT_KEY: ROOT_KEY })],
    ['vault:bridge', vaultVariables],
    ['vault:transit/bridge', vaultVariables],
    ['aws-kms:alias/bridge', awsVariables],
  ])(
    'CR-34 kept by %s opens with it, shows no key, and is another each time',
    async (keeper, variables) => {
      const text = await sealed(keeper, variables())
      expect(readSealedKeyring(text).keeper).toBe(keeper)
      expect(await opened(text, variables())).toBe(TEXT)
      expect(await sealed(keeper, variables())).not.toBe(text)
      for (const { secret } of JSON.parse(TEXT).keys) expect(text).not.toContain(secret)
    },
  )

  test('CR-34 kept by a passphrase opens with it alone', async () => {
    const environment = { KEYRING_PASSPHRASE: PASSPHRASE }
    const { custody } = custodyOf(environment)
    const name = 'passphrase'
    const keeper = passphraseKeeper({ name, key: undefined, custody, clock: Date.now }, 14)
    const rootKey = newRootKey()
    const wrapped = await keeper.wrap(rootKey)
    const text = writeSealedKeyring(TEXT, { keeper: name, wrapped, rootKey })
    expect(await opened(text, environment)).toBe(TEXT)
    await expect(opened(text, { KEYRING_PASSPHRASE: `${PASSPHRASE}.` })).rejects.toThrow(
      'the passphrase does not open the sealed keyring',
    )
    await expect(opened(text, {})).rejects.toThrow('set KEYRING_PASSPHRASE')
    expect(newScryptParameters()).toMatch(/^scrypt\.17\.[\w-]{22}$/)
    await expect(sealed(name, { KEYRING_PASSPHRASE: 'too short' })).rejects.toThrow(
      'the passphrase must have 12 characters or more',
    )
    for (const parameters of ['scrypt.13.', 'scrypt.21.', 'scrypt.31.'])
      await expect(opened(text.replace('scrypt.14.', parameters), environment)).rejects.toThrow(
        'does not open',
      )
  })

  test('CR-34 what stands beside the sealed text cannot be exchanged', async () => {
    const environment = { KEYRING_ROOT_KEY: ROOT_KEY }
    const [one, two] = [
      await sealed('root-key', environment),
      await sealed('root-key', environment),
    ]
    const [a, b] = [JSON.parse(one), JSON.parse(two)]
    const refusal = (document: object) => opened(JSON.stringify(document), environment)
    await expect(refusal({ ...a, wrapped: b.wrapped })).rejects.toThrow('does not open')
    await expect(refusal({ ...a, text: b.text })).rejects.toThrow('does not open')
    await expect(refusal({ ...a, text: 'v1.x' })).rejects.toThrow('"text" is damaged')
    await expect(refusal({ ...a, note: '' })).rejects.toThrow(
      'not of a format that this version knows',
    )
    await expect(refusal({ ...a, sealed_keyring: 2 })).rejects.toThrow('not of a format')
    await expect(refusal({ ...a, keeper: 'root-key:other' })).rejects.toThrow('does not open')
    await expect(refusal({ ...a, keeper: 'nobody' })).rejects.toThrow('there is no keeper "nobody"')
    await expect(refusal({ ...a, keeper: 'constructor' })).rejects.toThrow('there is no keeper')
  })

  test.each([
    ['another', Buffer.alloc(32, 1).toString('base64url'), 'does not open the sealed keyring'],
    ['a short', Buffer.alloc(31, 1).toString('base64'), 'must be base64 of exactly 32 bytes'],
    [
      'a spoiled',
      `${ROOT_KEY.slice(0, 20)} ${ROOT_KEY.slice(20)}`,
      'must be base64 of exactly 32 bytes',
    ],
  ])('CR-34 %s root key is refused', async (_which, rootKey, sentence) => {
    const text = await sealed('root-key', { KEYRING_ROOT_KEY: ROOT_KEY })
    await expect(opened(text, { KEYRING_ROOT_KEY: rootKey })).rejects.toThrow(sentence)
  })

  test('CR-33 is loaded for the service as an open one is', async () => {
    const environment = { KEYRING_ROOT_KEY: ROOT_KEY }
    const text = await sealed('root-key', environment)
    const source = { kind: 'text', text, file: undefined } as const
    const load = (variables: Record<string, string>) =>
      loadKeyring({ keyring: source, ...custodyOf(variables) }, Date.now)
    await expect(load(environment)).resolves.toBeDefined()
    await expect(load({})).rejects.toThrow('set KEYRING_ROOT_KEY or KEYRING_ROOT_KEY_FILE')
  })
})

describe('CR-34 key services (local fakes that speak their protocols)', () => {
  test('CR-34 Vault is asked for one wrapping and one unwrapping, bound to their use', async () => {
    vault.seen.length = 0
    await opened(await sealed('vault:bridge', vaultVariables()), vaultVariables())
    expect(vault.seen).toEqual([
      '/v1/transit/encrypt/bridge associated_data plaintext',
      '/v1/transit/decrypt/bridge associated_data ciphertext',
    ])
  })

  test('CR-34 AWS KMS is asked the same, with an encryption context', async () => {
    kms.seen.length = 0
    await opened(await sealed('aws-kms:alias/bridge', awsVariables()), awsVariables())
    expect(kms.seen).toEqual([
      '/ EncryptionContext KeyId Plaintext',
      '/ CiphertextBlob EncryptionContext KeyId',
    ])
  })

  test.each<[string, string, () => Record<string, string>, string]>([
    [
      'a wrong token',
      'vault:bridge',
      () => ({ ...vaultVariables(), VAULT_TOKEN: 'x' }),
      'vault:bridge answered 403',
    ],
    [
      'no token',
      'vault:bridge',
      () => ({ VAULT_ADDR: vault.url }),
      'set VAULT_ADDR, and VAULT_TOKEN',
    ],
    ['another key', 'vault:other', vaultVariables, 'vault:other answered 404'],
    ['no key', 'vault', vaultVariables, 'name the transit key'],
    ['a key that is a path', 'vault:../sys/..', vaultVariables, 'name the transit key'],
    [
      'plain http',
      'vault:bridge',
      () => ({ ...vaultVariables(), VAULT_ADDR: 'http://vault.example' }),
      'VAULT_ADDR must be an https address',
    ],
    [
      'nobody there',
      'vault:bridge',
      () => ({ ...vaultVariables(), VAULT_ADDR: 'http://127.0.0.1:1' }),
      'vault:bridge cannot be reached',
    ],
    [
      'a wrong secret',
      'aws-kms:alias/bridge',
      () => ({ ...awsVariables(), AWS_SECRET_ACCESS_KEY: 'x' }),
      'aws-kms:alias/bridge answered 400',
    ],
    [
      'no access key',
      'aws-kms:alias/bridge',
      () => ({ AWS_REGION: 'eu-central-1' }),
      'set AWS_REGION, AWS_ACCESS_KEY_ID',
    ],
    [
      'no region',
      'aws-kms:alias/bridge',
      () => ({ ...awsVariables(), AWS_REGION: '' }),
      'set AWS_REGION',
    ],
    ['no key', 'aws-kms', awsVariables, 'name the KMS key'],
    [
      'no PIN',
      'pkcs11:bridge/01',
      () => ({ PKCS11_MODULE: '/hsm.so' }),
      'set PKCS11_MODULE, and PKCS11_PIN',
    ],
    [
      'a label for an id',
      'pkcs11:bridge/kek',
      () => ({ PKCS11_MODULE: '/hsm.so', PKCS11_PIN: '1' }),
      'name the key in the HSM',
    ],
  ])(
    'CR-34 %s is refused in a sentence without the secret',
    async (_name, keeper, variables, sentence) => {
      await expect(sealed(keeper, variables())).rejects.toThrow(sentence)
    },
  )

  test.each([
    ['no JSON', 'vault:v1:secret'],
    ['no data', '{}'],
    ['a short key', `{"data":{"plaintext":"${Buffer.alloc(16).toString('base64')}"}}`],
    ['another type', '{"data":{"plaintext":1}}'],
    ['another root key', `{"data":{"plaintext":"${Buffer.alloc(32, 7).toString('base64')}"}}`],
  ])('CR-34 an answer with %s opens nothing and is not repeated', async (_name, body) => {
    const text = await sealed('vault:bridge', vaultVariables())
    vault.answerNext({ status: 200, body })
    const refusal = await opened(text, vaultVariables()).catch((error: Error) => error.message)
    expect(refusal).toMatch(/gave no|does not open/)
    expect(refusal).not.toContain('secret')
  })

  test('CR-34 a service that says nothing, or never ends, is given up in time', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/silent') return
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more)
      }
      response.writeHead(200)
      more()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const ask = (path: string, answerMs: number) =>
      askKeyService('vault:bridge', new URL(path, `http://127.0.0.1:${port}`), {}, '{}', answerMs)
    await expect(ask('/silent', 100)).rejects.toThrow('vault:bridge cannot be reached')
    await expect(ask('/endless', 30_000)).rejects.toThrow('vault:bridge gave no usable answer')
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  test('CR-34 a redirect is not followed', async () => {
    const keeper = findKeeper('vault:bridge', custodyOf(vaultVariables()).custody, Date.now)
    vault.answerNext({ status: 307, body: '{}' })
    await expect(keeper.wrap(newRootKey())).rejects.toThrow(/answered 307|cannot be reached/)
  })
})
