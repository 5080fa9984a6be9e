/** The tree of `src/` with one line a file: the first sentence of each file's own head comment. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const WIDTH = 118

/** The rooms in the order of a request, then what stands above them. */
const ROOMS = [
  'http',
  'flow',
  'wallet',
  'institution',
  'outbound',
  'crypto',
  'custody',
  'store',
  'domain',
  'job',
  'embedded',
  'cli',
]

/** The text between the fences of docs/map.md. */
export function sourceTree(): string {
  const top = filesIn('src').map((file) => line(`src/${file}`, '  ', file))
  const rooms = ROOMS.flatMap((room) => folder(`src/${room}`, '  '))
  return `src/\n${[...top, ...rooms].join('\n')}\n`
}

function folder(at: string, indent: string): string[] {
  const files = filesIn(at).map((file) => line(`${at}/${file}`, `${indent}  `, file))
  const below = foldersIn(at).flatMap((name) => folder(`${at}/${name}`, `${indent}  `))
  return [`${indent}${path.basename(at)}/`, ...files, ...below]
}

function filesIn(at: string): string[] {
  return entries(at)
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
}

function foldersIn(at: string): string[] {
  return entries(at)
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
}

function entries(at: string) {
  return readdirSync(at, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
}

function line(file: string, indent: string, name: string): string {
  const text = `${`${indent}${name}`.padEnd(34)} ${firstSentence(readFileSync(file, 'utf8'))}`
  return text.length <= WIDTH ? text : `${text.slice(0, WIDTH - 1).trimEnd()}…`
}

function firstSentence(source: string): string {
  const comment = /\/\*\*?([\s\S]*?)\*\//.exec(source)?.[1] ?? ''
  const text = comment
    .replaceAll(/^\s*\*\s?/gm, '')
    .replaceAll(/\{@link (\w+)\}/g, '$1')
    .trim()
    .replaceAll(/\s+/g, ' ')
  return /^.*?\.(?=\s|$)/.exec(text)?.[0].slice(0, -1) ?? text
}
