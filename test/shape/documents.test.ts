import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { environmentExample } from '../../scripts/env-example.ts'
import { policySchemas } from '../../scripts/policy-schemas.ts'
import { sourceTree } from '../../scripts/source-tree.ts'
import { commandLine } from '../../src/cli/command.ts'
import { FINDING_CODES, finding } from '../../src/domain/policy-finding.ts'
import { RecordedLogins } from '../../src/domain/recorded-login.ts'
import { Lookup } from '../../src/http/data/shapes.ts'

const DOCUMENTS = [...documentsIn('.'), ...documentsIn('docs')]

test('.env.example is the list of variables in config.ts', () => {
  expect(readFileSync('.env.example', 'utf8')).toBe(environmentExample())
})

test('config.ts and custody-config.ts read every variable they list, and no other', () => {
  const text = ['src/config.ts', 'src/custody-config.ts']
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  const calls =
    /read(?:Number|Switch|Choice|Secret|DatabaseUrl)?\(environment, '([A-Z0-9_]+)'(?:, '([A-Z0-9_]+)')?/g
  const read = new Set(
    [...text.matchAll(calls)].flatMap(([, ...names]) => names).filter((name) => name !== undefined),
  )
  const listed = new Set(
    [...environmentExample().matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name]) => name),
  )
  expect([...read].sort()).toEqual([...listed].sort())
})

test('the tree in docs/map.md is the tree of src/ (npm run tree writes it), and stands nowhere else', () => {
  const tree = /```tree\n([\s\S]*?)```/.exec(readFileSync('docs/map.md', 'utf8'))?.[1]
  expect(tree).toBe(sourceTree())
  expect(readFileSync('ARCHITECTURE.md', 'utf8')).not.toContain('```tree')
})

test('issue 3 item 10 docs/schemas is what the code reads policy documents with (npm run openapi writes it)', () => {
  const files = readdirSync('docs/schemas').map(
    (file) => [file, readFileSync(`docs/schemas/${file}`, 'utf8')] as const,
  )
  expect(new Map(files)).toEqual(policySchemas())
})

test('issue 4.7 docs/data-api.md has an example that the lookup takes, and every type it takes', () => {
  const text = readFileSync('docs/data-api.md', 'utf8')
  const example = /```json\n([\s\S]+?)```/.exec(text)?.[1] ?? ''
  expect(Lookup.safeParse(JSON.parse(example)).success).toBe(true)
  const types = new Set(Lookup.options.flatMap(({ shape }) => [...shape.identifier_type.values]))
  expect(types.size).toBe(5)
  for (const type of types) expect(text).toContain(`| \`${type}\` |`)
})

test('issue 3 item 10 docs/policies.md names every finding with its severity, and its recorded logins are some', () => {
  const text = readFileSync('docs/policies.md', 'utf8')
  const told = [...text.matchAll(/^\| `([a-z_]+)` \| (error|warning) \|/gm)].map(
    ([, code, severity]) => [code, severity],
  )
  const real = FINDING_CODES.map((code) => [code, finding(code, 'query', [], '').severity])
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(real))
  const sample = /```json\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
  expect(RecordedLogins.parse(JSON.parse(sample))).toHaveLength(3)
})

test('every command that the documents show is there, and has the options they show', () => {
  const silent = { environment: {}, out: () => undefined, err: () => undefined }
  const program = commandLine(silent)
  const shown = DOCUMENTS.flatMap((document) =>
    [...readFileSync(document, 'utf8').matchAll(/npm run cli -- ([a-z][^`\n#>]*)/g)].map(
      ([, words = '']) => words.trim(),
    ),
  )
  expect(shown.length).toBeGreaterThan(40)
  expect(shown.filter((words) => !isCommand(program, words.split(/\s+/)))).toEqual([])
})

/** `list|run` names two of them; what follows a command that has no parts are its arguments. */
function isCommand(program: Command, words: readonly string[]): boolean {
  let at = [program]
  for (const word of words) {
    if (at.every(({ commands }) => commands.length === 0) || word.startsWith('-')) break
    at = word
      .split('|')
      .flatMap((name) =>
        at.flatMap(({ commands }) => commands.filter((one) => one.name() === name)),
      )
    if (at.length !== word.split('|').length) return false
  }
  const known = at.flatMap((command) => command.options.map(({ long }) => long))
  const options = words.filter((word) => word.startsWith('--') && word !== '--')
  return options.every((option) => known.includes(option))
}

test('every local link of the documents leads somewhere', () => {
  const broken = DOCUMENTS.flatMap((document) =>
    [...readFileSync(document, 'utf8').matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)]
      .map(([, target = '']) => path.join(path.dirname(document), target))
      .filter((target) => !existsSync(target))
      .map((target) => `${document}: ${target}`),
  )
  expect(broken).toEqual([])
})

function documentsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name))
}
