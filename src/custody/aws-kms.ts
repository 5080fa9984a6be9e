/**
 * AWS KMS keeps the key (symmetric, ENCRYPT_DECRYPT): the root key goes there and back, bound to its use by the encryption
 * context. Only ever run against a fake that speaks this protocol. Access keys come from the environment; the roles of
 * instances and containers are not looked up.
 */
import { type AwsCredentials, signAwsRequest } from '../crypto/aws-signature.ts'
import { KeyringError } from '../crypto/keyring-text.ts'
import { ROOT_KEY_BYTES } from '../crypto/root-key.ts'
import type { Custody } from '../custody-config.ts'
import type { JsonObject } from '../domain/text.ts'
import { askKeyService, readServiceAddress } from './ask.ts'
import type { KeeperMeans, RootKeyKeeper } from './keeper.ts'

const CONTEXT = { purpose: 'identity-bridge/keyring/v1' }

/** Named `aws-kms:<key id, ARN or alias/…>`. Throws KeyringError where region, access key or key are missing. */
export function awsKmsKeeper({ name, key, custody, clock }: KeeperMeans): RootKeyKeeper {
  if (key === undefined)
    throw new KeyringError('name the KMS key: aws-kms:<key id, ARN or alias/…>')
  const region = /^arn:aws[\w-]*:kms:([\w-]+):/.exec(key)?.[1] ?? custody.aws.region
  const credentials = readCredentials(custody.aws)
  if (region === undefined || !/^[a-z0-9-]+$/.test(region) || credentials === undefined) {
    throw new KeyringError(
      `${name} keeps the keyring: set AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
    )
  }
  const address = custody.aws.endpoint ?? `https://kms.${region}.amazonaws.com/`
  const ask = async (action: 'Encrypt' | 'Decrypt', members: Record<string, string>) => {
    const url = readServiceAddress('AWS_ENDPOINT_URL_KMS', address)
    const body = JSON.stringify({ KeyId: key, EncryptionContext: CONTEXT, ...members })
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `TrentService.${action}`,
    }
    const request = {
      method: 'POST',
      host: url.host,
      region,
      service: 'kms',
      headers,
      body,
    } as const
    return await askKeyService(
      name,
      new URL('/', url),
      signAwsRequest(request, credentials, clock()),
      body,
    )
  }
  return {
    async wrap(rootKey) {
      const answer = await ask('Encrypt', { Plaintext: Buffer.from(rootKey).toString('base64') })
      const { CiphertextBlob: wrapped } = answer
      if (typeof wrapped !== 'string') throw new KeyringError(`${name} gave no ciphertext`)
      return wrapped
    },
    async unwrap(wrapped) {
      return rootKeyIn(name, await ask('Decrypt', { CiphertextBlob: wrapped }))
    },
  }
}

function rootKeyIn(name: string, { Plaintext: plaintext }: JsonObject): Uint8Array {
  const rootKey = Buffer.from(typeof plaintext === 'string' ? plaintext : '', 'base64')
  if (rootKey.length !== ROOT_KEY_BYTES) throw new KeyringError(`${name} gave no root key`)
  return new Uint8Array(rootKey)
}

function readCredentials(aws: Custody['aws']): AwsCredentials | undefined {
  const { accessKeyId, secretAccessKey, sessionToken } = aws
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secretAccessKey, sessionToken }
}
