import { readCustody } from '../../src/custody-config.ts'

/** What a keyring may be opened with, from these variables alone. */
export function custodyOf(environment: Record<string, string>) {
  return { custody: readCustody(environment) }
}

export const PASSPHRASE = 'twelve words of no meaning at all'
export const ROOT_KEY = Buffer.alloc(32, 'root key of a test').toString('base64')
