/** The places outside the database where audit checkpoints are kept: folders, webhooks, object stores. */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import type { Config } from '../config.ts'
import { fail } from '../domain/failure.ts'
import type { Outbound } from '../outbound/guard.ts'

export interface KeptCheckpoint {
  /** Id of the tenant. */
  tenant: string
  seq: number
  kid: string
  jws: string
}

export interface CheckpointPlaces {
  /** Returns when every place has it. Throws `outbound_refused` or the file system's error; a repeat does no harm. */
  keep(checkpoint: KeptCheckpoint): Promise<void>
  /** The newest checkpoint of a tenant in each place that can be read from here, which are the folders. */
  newest(tenant: string): readonly string[]
}

const LONGEST_ANSWER = 16 * 1024

/** Ends a line that was not written whole; no checkpoint holds this letter. */
export const HALF_LINE = '#'

/** `token` is sent along as a bearer token to every place that is a URL. */
export function createCheckpointPlaces(means: {
  places: Config['auditCheckpoints']
  outbound: Outbound
  token?: string | undefined
}): CheckpointPlaces {
  const { places, outbound, token } = means
  const authorization: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` }
  async function send(url: string, method: 'POST' | 'PUT', headers: object, jws: string) {
    const answer = await outbound.fetch(
      url,
      {
        method,
        headers: { 'content-type': 'application/jose', ...authorization, ...headers },
        body: jws,
      },
      { maxBytes: LONGEST_ANSWER },
    )
    // 412: this object is there already, and is not to be written over (RFC 9110 section 15.5.13).
    if (!answer.ok && !(method === 'PUT' && answer.status === 412))
      fail({ kind: 'outbound_refused', reason: 'bad_status' })
  }
  return {
    async keep(checkpoint) {
      for (const { kind, where } of places) {
        if (kind === 'folder') append(where, checkpoint)
        else if (kind === 'webhook') await send(where, 'POST', {}, checkpoint.jws)
        else
          await send(objectUrl(where, checkpoint), 'PUT', { 'if-none-match': '*' }, checkpoint.jws)
      }
    },
    newest: (tenant) =>
      places
        .filter(({ kind }) => kind === 'folder')
        .map(({ where }) => lastLine(fileOf(where, tenant)))
        .filter((line) => line !== undefined),
  }
}

/** One object a checkpoint below the given URL, whose query (a signature, say) stays. */
function objectUrl(base: string, { tenant, seq, kid }: KeptCheckpoint): string {
  const url = new URL(base)
  const folder = url.pathname.replace(/\/$/, '')
  url.pathname = `${folder}/${tenant}/${String(seq).padStart(12, '0')}-${kid}.jws`
  return url.href
}

function fileOf(folder: string, tenant: string): string {
  return path.join(folder, `${tenant}.jws`)
}

/** Whether nothing of a line is open at the end of a file. */
function endsLine(file: string): boolean {
  const bytes = readTail(file)
  return bytes.length === 0 || bytes.at(-1) === 10
}

/** A line is far shorter than this. */
const TAIL = 16 * 1024

function lastLine(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  // What follows the last line break was never written whole, and says nothing.
  return readTail(file).toString('utf8').split('\n').slice(0, -1).at(-1)
}

function readTail(file: string): Buffer {
  const descriptor = openSync(file, 'r')
  try {
    const { size } = fstatSync(descriptor)
    const bytes = Buffer.alloc(Math.min(size, TAIL))
    readSync(descriptor, bytes, 0, bytes.length, size - bytes.length)
    return bytes
  } finally {
    closeSync(descriptor)
  }
}

/**
 * One file a tenant, one line a checkpoint, on disk when this returns. Half a line that a power cut or a full disk left
 * behind is ended first, with a mark by which readers pass it by: it must not spoil the next one.
 */
function append(folder: string, { tenant, jws }: KeptCheckpoint): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const descriptor = openSync(fileOf(folder, tenant), 'a', 0o600)
  try {
    const whole = endsLine(fileOf(folder, tenant))
    writeSync(descriptor, `${whole ? '' : `${HALF_LINE}\n`}${jws}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
