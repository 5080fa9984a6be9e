/** Reading a stranger's answer: how much of it, and of which kind. */
import { fail } from '../domain/failure.ts'

interface ByteSource {
  getReader(): {
    read(): Promise<{ done: boolean; value?: unknown }>
    cancel(): Promise<unknown>
  }
}

/**
 * All bytes of the body, at most `maxBytes` (protocols UP-53). They are counted as they come out of decompression, so
 * a small compressed answer cannot unfold into a large one. Throws `outbound_refused` / `too_large`.
 */
export async function readCapped(
  body: ByteSource | null,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (body === null) return new Uint8Array()
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return join(chunks, size)
    if (!(value instanceof Uint8Array)) throw new TypeError('a body is read in bytes')
    size += value.byteLength
    if (size > maxBytes) {
      await reader.cancel()
      fail({ kind: 'outbound_refused', reason: 'too_large' })
    }
    chunks.push(value)
  }
}

/** Whether a Content-Type header names one of the media types; parameters are not compared, case is not either. */
export function isAllowedContentType(
  header: string | null,
  allowed: readonly string[] | undefined,
): boolean {
  if (allowed === undefined) return true
  const type = header?.split(';')[0]?.trim().toLowerCase()
  return type !== undefined && allowed.includes(type)
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}
