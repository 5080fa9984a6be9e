/** `erase`, `receipt verify` and `ledger replay`: a person is erased from the command line, and what came of it is checked offline. */
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { readConfig } from '../config.ts'
import { JwsError } from '../crypto/jws.ts'
import { verifyReceipt } from '../crypto/receipt.ts'
import { ERASURE_GROUNDS, type ErasureGround } from '../domain/erasure.ts'
import type { IdentityId } from '../domain/ids.ts'
import { eraseByIdentifier } from '../flow/erase-by-identifier.ts'
import { eraseIdentity } from '../flow/erase-identity.ts'
import { type Held, replayLedger } from '../flow/replay-ledger.ts'
import { SetupRefused } from '../store/setup-refused.ts'
import { withKeyring } from './database.ts'
import { addNaming, type NamingOptions, readNamed } from './named-person.ts'
import type { Terminal } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

interface EraseOptions extends NamingOptions {
  person?: string
  ground: ErasureGround
}

export function eraseCommand(terminal: Terminal): Command {
  const erase = new Command('erase')
    .description('erase a person for good and print the signed receipt')
    .argument('<slug>', 'the tenant')
    .addOption(
      new Option('--person <id>', 'whom, by id').conflicts(['account', 'email', 'key', 'did']),
    )
  return addNaming(erase)
    .addOption(
      new Option('--ground <word>', 'why, as in Art. 17(1) GDPR')
        .choices(ERASURE_GROUNDS)
        .makeOptionMandatory(),
    )
    .action((slug: string, options: EraseOptions) => eraseOne(terminal, slug, options))
}

export function receiptCommand(terminal: Terminal): Command {
  const receipt = new Command('receipt').description('Receipts of erasures')
  receipt
    .command('verify')
    .description('check a receipt without any database or network, and print what it says')
    .argument('<file>', 'the receipt')
    .requiredOption('--jwks <file>', "the tenant's key set, as its jwks_uri gave it then")
    .action((file: string, { jwks }: { jwks: string }) => verify(terminal, file, jwks))
  return receipt
}

export function ledgerCommand(terminal: Terminal): Command {
  const ledger = new Command('ledger').description('The ledger of erasures outside the database')
  ledger
    .command('replay')
    .description(
      'after a restore, before the service starts: make again what people had erased since',
    )
    .argument('<file>', 'the ledger')
    .action((file: string) => replay(terminal, file))
  return ledger
}

async function replay(terminal: Terminal, file: string): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const text = readFileSync(file, 'utf8')
  const { held, ...counts } = await withKeyring(config, secrets, (place) =>
    replayLedger({ ...place, clock: Date.now }, text),
  )
  terminal.out(JSON.stringify({ ...counts, held: held.length }))
  const open = (Object.keys(HELD) as Held['why'][]).flatMap((why) => {
    const lines = held.filter((one) => one.why === why).map(({ line }) => line)
    return lines.length === 0 ? [] : [`${HELD[why]}: ${lines.join(', ')}`]
  })
  if (open.length > 0) throw new SetupRefused(open.join('\n'))
}

const HELD = {
  merged: 'Split by hand, then replay again; merged here with somebody else',
  unreadable: 'Replay with the keyring of then; the one at hand does not open what is held',
} as const satisfies Record<Held['why'], string>

async function eraseOne(terminal: Terminal, slug: string, options: EraseOptions): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const { person, ground } = options
  const identifier = readNamed(options)
  const erased = await withKeyring(config, secrets, async (place) => {
    const means = { ...place, config, clock: Date.now }
    if (identifier !== undefined)
      return await eraseByIdentifier(means, OPERATOR, slug, { identifier, ground })
    if (person === undefined) throw new SetupRefused('Say whom: --person, --account or another.')
    return await eraseIdentity(means, OPERATOR, slug, { identityId: person as IdentityId, ground })
  })
  terminal.out(erased.receipt)
  terminal.err(`Erased at ${erased.erasedAt}. Keep the receipt together with the tenant's key set.`)
}

function verify(terminal: Terminal, file: string, jwks: string): void {
  try {
    const receipt = readFileSync(file, 'utf8').trim()
    const set = JSON.parse(readFileSync(jwks, 'utf8')) as Parameters<typeof verifyReceipt>[1]
    terminal.out(JSON.stringify(verifyReceipt(receipt, set), null, 2))
    terminal.err('The receipt is genuine.')
  } catch (error) {
    if (!(error instanceof JwsError)) throw error
    throw new SetupRefused(`The receipt is not to be believed: ${error.reason}.`)
  }
}
