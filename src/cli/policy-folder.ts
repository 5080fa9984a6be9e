/** Policy documents and recorded logins as files: one JSON document a kind, named after it. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { POLICY_KINDS, type PolicyKind } from '../domain/policy.ts'
import { type RecordedLogin, RecordedLogins } from '../domain/recorded-login.ts'
import { tellIssue } from '../domain/shape-problem.ts'
import { parseStrictJson, StrictJsonError } from '../domain/strict-json.ts'
import type { Json } from '../domain/text.ts'
import type { PolicyInput } from '../flow/policy-draft.ts'
import { SetupRefused } from '../store/setup-refused.ts'

/** As much as the admin API takes in one body. */
const LARGEST_FILE = 256 * 1024

/**
 * Returns the documents of a folder: `trust.json`, `query.json`, `attributes.json`, `material.json`, `selector.json`, as
 * many as there are. Throws SetupRefused for a folder without any, and for a JSON file of another name: with a slip of the
 * pen in its name a document would be left out unnoticed.
 */
export function readPolicyFolder(folder: string): PolicyInput {
  const files = listFiles(folder).filter((file) => file.endsWith('.json'))
  const documents = files.map((file) => {
    const kind = POLICY_KINDS.find((each) => `${each}.json` === file)
    if (kind === undefined) {
      throw new SetupRefused(`${path.join(folder, file)} is none of ${NAMES}`)
    }
    return [kind, readJsonFile(path.join(folder, file))] as const
  })
  if (documents.length === 0) throw new SetupRefused(`${folder} holds none of ${NAMES}`)
  return Object.fromEntries(documents) as { [K in PolicyKind]?: Json }
}

const NAMES = POLICY_KINDS.map((kind) => `${kind}.json`).join(', ')

/** Returns recorded logins. Throws SetupRefused naming the paths that are wrong. */
export function readRecordedLogins(file: string): readonly RecordedLogin[] {
  const read = RecordedLogins.safeParse(readJsonFile(file))
  if (read.success) return read.data
  const problems = read.error.issues.slice(0, 5).map((issue) => tellIssue(issue, 'the whole'))
  throw new SetupRefused(`${file} holds no recorded logins: ${problems.join('; ')}`)
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch (cause) {
    throw new SetupRefused(`${folder} is not a folder that can be read`, { cause })
  }
}

function readJsonFile(file: string): Json {
  const bytes = readBytes(file)
  if (bytes.length > LARGEST_FILE) throw new SetupRefused(`${file} is larger than 256 KiB`)
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    if (!(cause instanceof StrictJsonError || cause instanceof TypeError)) throw cause
    throw new SetupRefused(`${file} is not strict JSON in UTF-8`, { cause })
  }
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new SetupRefused(`${file} cannot be read`, { cause })
  }
}
