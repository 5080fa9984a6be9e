/**
 * The keyring's file: made once, and changed as a whole or not at all. Whoever reads it at any moment, and whatever a crash
 * leaves behind, finds the old keyring or the new one.
 */
import { type FileHandle, open, readFile, realpath, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Secrets } from '../config.ts'
import { parseKeyring } from '../crypto/keyring.ts'
import { KeyringError } from '../crypto/keyring-text.ts'
import { newRootKey } from '../crypto/root-key.ts'
import { writeSealedKeyring } from '../crypto/sealed-keyring.ts'
import type { Clock } from '../domain/time.ts'
import { findKeeper } from './keeper.ts'
import { openKeyring } from './load-keyring.ts'

/** What a file is changed to: the keyring text, and by whom it is sealed; undefined keeps the seal it has, or its lack. */
export interface NewContent {
  readonly text: string
  readonly keeper?: string | undefined
}

/** A keyring text as it goes into a file: sealed by a keeper of this name, or as it is. Throws KeyringError. */
export async function sealForFile(
  text: string,
  keeper: string | undefined,
  { custody }: Pick<Secrets, 'custody'>,
  clock: Clock,
): Promise<string> {
  parseKeyring(text)
  if (keeper === undefined) return text
  const rootKey = newRootKey()
  const wrapped = await findKeeper(keeper, custody, clock).wrap(rootKey)
  return writeSealedKeyring(text, { keeper, wrapped, rootKey })
}

/** Writes a new file, readable for its owner alone. Throws KeyringError where one is there. */
export async function createKeyringFile(file: string, content: string): Promise<void> {
  const handle = await openNew(
    file,
    `${file} is there already. Keys are never overwritten: whoever loses them loses every person.`,
  )
  await writeWhole(handle, content)
}

/**
 * Replaces the keyring in the file by what `change` makes of it. `change` may do what must have happened before, such as an
 * audit event: nothing is replaced when it throws. One at a time. A link stays a link, and what it leads to is replaced: else
 * the old keys would lie on where it led. Throws KeyringError.
 */
export async function changeKeyringFile(
  named: string,
  secrets: Pick<Secrets, 'custody'>,
  clock: Clock,
  change: (text: string) => Promise<NewContent>,
): Promise<void> {
  const file = await realpath(named).catch((cause: unknown) => {
    throw Object.assign(new KeyringError(`${named} cannot be read`), { cause })
  })
  const lock = `${file}.lock`
  const held = await openNew(
    lock,
    `Somebody else is changing ${file}. If nobody is, remove ${lock}.`,
  )
  try {
    await held.close()
    const { text, seal } = await openKeyring(await readFile(file, 'utf8'), secrets, clock)
    const next = await change(text)
    const content =
      seal === undefined || next.keeper !== undefined
        ? await sealForFile(next.text, next.keeper, secrets, clock)
        : writeSealedKeyring(next.text, { ...seal.sealed, rootKey: seal.rootKey })
    parseKeyring(next.text)
    const fresh = `${file}.new`
    await rm(fresh, { force: true })
    await writeWhole(await openNew(fresh, `${fresh} is there already.`), content)
    await rename(fresh, file)
    await syncFolder(file)
  } finally {
    await rm(lock, { force: true })
  }
}

async function openNew(file: string, whereThere: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx', 0o600)
  } catch (cause) {
    const there = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    throw Object.assign(new KeyringError(there ? whereThere : `${file} cannot be written`), {
      cause,
    })
  }
}

async function writeWhole(handle: FileHandle, content: string): Promise<void> {
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes the new name last through a power cut. Windows opens no folders. */
async function syncFolder(file: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path.dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
