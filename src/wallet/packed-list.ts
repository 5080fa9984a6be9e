/** The one compressed stream in which a status list comes, unpacked within bounds. */
import type { InputType, ZlibOptions } from 'node:zlib'
import { fail } from '../domain/failure.ts'

/** Octets after decompression: four million credentials at eight bits each (TS-09). */
const LARGEST_LIST = 4 * 1024 * 1024

interface Unpacked {
  buffer: Uint8Array
  engine: { bytesWritten: number }
}

/**
 * Returns what `unpack` (of node:zlib) makes of the stream. Throws `presentation_refused` `status_list_invalid` for anything
 * but one whole stream, and beyond 4 MiB (TS-04, TS-09).
 */
export function unpackList(
  unpack: (packed: InputType, options: ZlibOptions) => Uint8Array,
  packed: Uint8Array,
): Uint8Array {
  try {
    const options = { maxOutputLength: LARGEST_LIST, info: true }
    // With `info` the answer is of another shape, which the type of the function does not say.
    const { buffer, engine } = unpack(packed, options) as unknown as Unpacked
    if (engine.bytesWritten === packed.length) return buffer
  } catch (error) {
    return fail({ kind: 'presentation_refused', reason: 'status_list_invalid' }, error)
  }
  // Bytes behind the stream would be a second list that only some readers see.
  return fail({ kind: 'presentation_refused', reason: 'status_list_invalid' })
}
