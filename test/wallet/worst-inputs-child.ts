/**
 * Reads the worst inputs that another process wrote into a folder, one after the other, and says of each what became of it and
 * how much memory the process had at most beyond what it had before: one JSON object a line. `node --expose-gc`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WORST_INPUTS, wordOf } from './worst-inputs.ts'

const [folder = '', wanted = ''] = process.argv.slice(2)

for (const [number, { name, read }] of WORST_INPUTS.entries()) {
  if (!name.includes(wanted)) continue
  const known = JSON.parse(readFileSync(join(folder, `${number}.json`), 'utf8')) as never
  collect()
  const before = process.memoryUsage.rss()
  forgetPeak()
  const octets = new Uint8Array(readFileSync(join(folder, `${number}.bin`)))
  const word = await wordOf(() => read(octets, known))
  const grown = peak() - before
  const told = { name, word, octets: octets.length, grown: Math.round(grown / 1024) / 1024 }
  process.stdout.write(`${JSON.stringify(told)}\n`)
}

function collect(): void {
  const { gc } = globalThis as { gc?: () => void }
  if (gc === undefined) throw new Error('--expose-gc is needed')
  gc()
  gc()
}

/** Linux can forget the peak; elsewhere it is that of the whole run, which is more. */
function forgetPeak(): void {
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5')
}

function peak(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return Number(kilobytes) * 1024
}
