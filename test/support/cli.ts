/** The command line, in this process: a Node of its own for each of so many calls would take its time. */
import { runCommand } from '../../src/cli/command.ts'

export interface Ended {
  code: number
  out: string
  err: string
}

/** Runs a command with this environment and nothing else; what it printed, trimmed. */
export async function runCli(
  words: readonly string[],
  environment: { readonly [name: string]: string | undefined },
): Promise<Ended> {
  const out: string[] = []
  const err: string[] = []
  const code = await runCommand(words, {
    environment,
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
  })
  return { code, out: out.join('\n').trim(), err: err.join('\n').trim() }
}
