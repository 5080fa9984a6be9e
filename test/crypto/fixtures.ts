import { expect } from 'vitest'
import { type Keyring, parseKeyring } from '../../src/crypto/keyring.ts'
import type { KeyName, KeyState } from '../../src/crypto/keyring-text.ts'
import type { IdentityId, TenantId } from '../../src/domain/ids.ts'

export const TENANT = '0b0e6a52-6e1c-4a4e-9d0f-7a4f6c1d2e01' as TenantId
export const OTHER_TENANT = '0b0e6a52-6e1c-4a4e-9d0f-7a4f6c1d2e02' as TenantId
export const PERSON = '5f1c1a1e-2f0b-4c44-8a55-0123456789ab' as IdentityId
export const OTHER_PERSON = '5f1c1a1e-2f0b-4c44-8a55-0123456789ac' as IdentityId

export interface EntryText {
  key: KeyName
  version: number
  state: KeyState
  secret: string
}

/** 32 bytes that depend on key and version, as base64url. */
export function secretText(key: KeyName, version: number): string {
  return Buffer.from(`test only: key ${key} version ${version}`.padEnd(32, '.')).toString(
    'base64url',
  )
}

export function entry(key: KeyName, version: number, state: KeyState): EntryText {
  return { key, version, state, secret: secretText(key, version) }
}

export const FIRST_GENERATION = [
  entry('A', 1, 'current'),
  entry('B', 1, 'current'),
  entry('C', 1, 'current'),
]

/** A number that stands for hashes of version `inner` under version `outer`. */
export interface NestingText {
  key: KeyName
  version: number
  state: KeyState
  outer: number
  inner: number
}

export function keyringText(
  entries: readonly (EntryText | NestingText)[] = FIRST_GENERATION,
): string {
  return JSON.stringify({ keys: entries })
}

export function keyringOf(...entries: readonly (EntryText | NestingText)[]): Keyring {
  return parseKeyring(keyringText(entries.length > 0 ? entries : FIRST_GENERATION))
}

/** The same keyring with Key C rotated: version 1 is in `state`, version 2 is current. */
export function keyringAfterRotationOfC(state: KeyState): Keyring {
  return keyringOf(
    entry('A', 1, 'current'),
    entry('B', 1, 'current'),
    entry('C', 1, state),
    entry('C', 2, 'current'),
  )
}

export const UNREADABLE = expect.objectContaining({ failure: { kind: 'sealed_unreadable' } })
