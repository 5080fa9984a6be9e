/** `npm run cli -- …`: what an operator does beside the service. Exits 1 when it could not be done. */
import { Command, CommanderError } from 'commander'
import { auditCommand } from './cli/audit.ts'
import { contractCommand } from './cli/contracts.ts'
import { erasuresCommand } from './cli/erasure-requests.ts'
import { eraseCommand, ledgerCommand, receiptCommand } from './cli/erasures.ts'
import { eventsCommand } from './cli/events.ts'
import { jobsCommand } from './cli/jobs.ts'
import { keyMigrationCommand } from './cli/key-migration.ts'
import { keysCommand } from './cli/keys.ts'
import { peopleCommand } from './cli/people.ts'
import { policyCommand } from './cli/policy.ts'
import { registrationsCommand } from './cli/registrations.ts'
import { retentionCommand } from './cli/retention.ts'
import { signingKeysCommand } from './cli/signing-keys.ts'
import { tenantCommand } from './cli/tenants.ts'
import type { Terminal } from './cli/terminal.ts'
import { tokenCommand } from './cli/tokens.ts'
import { BridgeError } from './domain/failure.ts'
import { describeError } from './log.ts'

/** Errors whose message is a sentence of ours for the operator. */
const OWN_SENTENCES = new Set([
  'ConfigError',
  'SetupRefused',
  'KeyringError',
  'KeyringMismatch',
  'MissingKeyring',
])

function sentenceOf(error: unknown): string {
  if (error instanceof BridgeError) {
    const { failure } = error
    if (failure.kind === 'not_found') return 'There is nothing of that name or id.'
    if (failure.kind === 'invalid_request') return failure.detail
    if (failure.kind === 'policy_refused') return failure.problems.join('\n')
    if (failure.kind === 'unavailable') return 'The database does not answer.'
    if (failure.kind === 'conflict') return `Not now: ${failure.detail}.`
    return failure.kind
  }
  if (error instanceof Error && OWN_SENTENCES.has(error.name)) return error.message
  const { error: name, at } = describeError(error)
  return [name, at].filter((part) => part !== undefined).join(' at ')
}

const terminal: Terminal = {
  environment: { ...process.env },
  out: (line) => console.log(line),
  err: (line) => console.error(line),
}

const program = new Command('cli')
  .description(
    'What an operator does beside the service. Reads the same environment (.env.example).',
  )
  .exitOverride()
  .showHelpAfterError('(--help shows what there is)')
  .helpCommand(false)
const commands = [
  keysCommand,
  keyMigrationCommand,
  signingKeysCommand,
  registrationsCommand,
  tokenCommand,
  tenantCommand,
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
for (const command of commands) {
  program.addCommand(command(terminal).exitOverride())
}

try {
  await program.parseAsync(process.argv)
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode
  else {
    console.error(sentenceOf(error))
    process.exitCode = 1
  }
}
