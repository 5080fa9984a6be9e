/** The command line as a whole: words in, lines and an exit code out. */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { BridgeError } from '../domain/failure.ts'
import { describeError } from '../log.ts'
import { operatorSentence } from '../operator-sentence.ts'
import { auditCommand } from './audit.ts'
import { contractCommand } from './contracts.ts'
import { erasuresCommand } from './erasure-requests.ts'
import { eraseCommand, ledgerCommand, receiptCommand } from './erasures.ts'
import { eventsCommand } from './events.ts'
import { jobsCommand } from './jobs.ts'
import { keyMigrationCommand } from './key-migration.ts'
import { keysCommand } from './keys.ts'
import { peopleCommand } from './people.ts'
import { policyCommand } from './policy.ts'
import { providerCommand } from './providers.ts'
import { registrationsCommand } from './registrations.ts'
import { retentionCommand } from './retention.ts'
import { signingKeysCommand } from './signing-keys.ts'
import { tenantCommand } from './tenants.ts'
import type { Terminal } from './terminal.ts'
import { tokenCommand } from './tokens.ts'
import { trustCommand } from './trust.ts'

const COMMANDS = [
  keysCommand,
  keyMigrationCommand,
  signingKeysCommand,
  registrationsCommand,
  trustCommand,
  tokenCommand,
  tenantCommand,
  providerCommand,
  policyCommand,
  contractCommand,
  eventsCommand,
  peopleCommand,
  eraseCommand,
  erasuresCommand,
  receiptCommand,
  ledgerCommand,
  auditCommand,
  retentionCommand,
  jobsCommand,
]

/** Every command there is, before any of them is run. */
export function commandLine(terminal: Terminal): Command {
  const program = new Command('npm run cli --').description(
    'What an operator does beside the service. Reads the same environment (.env.example).',
  )
  for (const command of COMMANDS) program.addCommand(command(terminal))
  for (const command of withParts(program)) speakAt(terminal, command)
  return program
}

/** Runs one command; returns the exit code, 0 when it was done. What went wrong is a sentence on standard error. */
export async function runCommand(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await commandLine(terminal).parseAsync(words, { from: 'user' })
    return 0
  } catch (error) {
    // Of what it found out itself commander has spoken; this is a command's own word.
    if (error instanceof InvalidArgumentError) terminal.err(error.message)
    if (error instanceof CommanderError) return error.exitCode
    terminal.err(sentenceOf(error))
    return 1
  }
}

/** A command with its parts, and theirs: parts that were added do not take over what is set above them. */
function withParts(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withParts)]
}

/** What commander itself has to say goes to the terminal too, and none of it ends the process. */
function speakAt(terminal: Terminal, command: Command): void {
  command.exitOverride().showHelpAfterError('(--help shows what there is)').helpCommand(false)
  command.configureOutput({
    writeOut: (text) => terminal.out(text.trimEnd()),
    writeErr: (text) => terminal.err(text.trimEnd()),
  })
}

function sentenceOf(error: unknown): string {
  if (error instanceof BridgeError) {
    const { failure } = error
    if (failure.kind === 'not_found') return 'There is nothing of that name or id.'
    if (failure.kind === 'invalid_request') return failure.detail
    if (failure.kind === 'policy_refused') return failure.problems.join('\n')
    if (failure.kind === 'conflict') return `Not now: ${failure.detail}.`
    if (failure.kind !== 'unavailable') return failure.kind
  }
  if (error instanceof SyntaxError) return 'A file that has to be JSON is not.'
  const { error: name, at } = describeError(error)
  return operatorSentence(error) ?? [name, at].filter((part) => part !== undefined).join(' at ')
}
