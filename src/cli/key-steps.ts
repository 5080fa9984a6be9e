/** `keys add`, `promote`, `nest`, `leaked`, `retire` and `destroy`: one step in the life of a key, in the file of the keyring. */
import { Argument, type Command, InvalidArgumentError } from 'commander'
import { readConfig } from '../config.ts'
import { addNestedKey, addPendingKey, moveKey } from '../crypto/key-states.ts'
import { parseKeyring } from '../crypto/keyring.ts'
import { KEY_NAMES, type KeyName, type KeyState } from '../crypto/keyring-text.ts'
import { changeKeyringFile } from '../custody/keyring-file.ts'
import { changeKey } from '../flow/change-key.ts'
import { SetupRefused } from '../store/setup-refused.ts'
import { withDatabase } from './database.ts'
import type { Terminal } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

interface KeyStep {
  readonly name: string
  readonly description: string
  readonly state: Exclude<KeyState, 'pending' | 'previous'>
  readonly done: string
}

const STEPS: readonly KeyStep[] = [
  {
    ...{ name: 'promote', state: 'current' },
    description: 'have it write from now on; every instance must have started with it before',
    done: 'Hand the keyring to every instance and restart them: from then on it writes.',
  },
  {
    ...{ name: 'leaked', state: 'leaked' },
    description:
      'it got away: another is current already, and of A a hit under it proves nobody any more',
    done: 'Hand the keyring to every instance and restart them. Whoever is known under A by it alone logs in at their institution again.',
  },
  {
    ...{ name: 'retire', state: 'retired' },
    description: 'stop reading with it; refused while anything still lies under it',
    done: 'Hand the keyring to every instance and restart them. Backups from before need this version still.',
  },
  {
    ...{ name: 'destroy', state: 'destroyed' },
    description: 'forget the secret of a retired key for good',
    done: 'Its secret is out of this file. Destroy it in every copy too; no backup that needs it can be read again.',
  },
]

/** Adds the commands to `keys`. */
export function addKeySteps(keys: Command, terminal: Terminal): void {
  const key = () => new Argument('<key>', 'which').choices(KEY_NAMES)
  keys
    .command('add')
    .description('add a new version of a key: every instance reads with it, none writes')
    .addArgument(key())
    .action((name: KeyName) => add(terminal, name))
  keys
    .command('nest')
    .description(
      'add a number for hashes of an older version under a newer one; read by all, written by migration',
    )
    .addArgument(new Argument('<key>', 'which').choices(['A', 'B']))
    .requiredOption('--outer <version>', 'the newer one', readVersion)
    .requiredOption('--inner <version>', 'the older one', readVersion)
    .action((name: KeyName, nesting: Nesting) => nest(terminal, name, nesting))
  for (const step of STEPS) {
    keys
      .command(step.name)
      .description(step.description)
      .addArgument(key())
      .argument('<version>', 'as `keys check` shows it', readVersion)
      .action((name: KeyName, version: number) => move(terminal, step, name, version))
  }
}

async function add(terminal: Terminal, key: KeyName): Promise<void> {
  const version = await changeInFile(terminal, (text) => {
    const added = addPendingKey(text, key)
    return { text: added.text, change: { key, version: added.version, state: 'pending' } }
  })
  terminal.out(String(version))
  terminal.err('Added. Hand the keyring to every instance and restart them, then promote it.')
}

interface Nesting {
  outer: number
  inner: number
}

async function nest(terminal: Terminal, key: KeyName, { outer, inner }: Nesting): Promise<void> {
  const version = await changeInFile(terminal, (text) => {
    const added = addNestedKey(text, key, { outer, inner })
    return { text: added.text, change: { key, version: added.version, state: 'previous' } }
  })
  terminal.out(String(version))
  terminal.err(
    'Added. Hand the keyring to every instance and restart them, then start the migration.',
  )
}

async function move(
  terminal: Terminal,
  step: KeyStep,
  key: KeyName,
  version: number,
): Promise<void> {
  const { state, done } = step
  await changeInFile(terminal, (text) => ({
    text: moveKey(text, key, version, state),
    change: { key, version, state },
  }))
  terminal.err(done)
}

/** Changes the keyring's file once the database has allowed and recorded it. Returns the version. */
async function changeInFile(
  terminal: Terminal,
  decide: (text: string) => { text: string; change: Parameters<typeof changeKey>[3] },
): Promise<number> {
  const { config, secrets } = readConfig(terminal.environment)
  const { keyring } = secrets
  if (keyring.kind !== 'text' || keyring.file === undefined) {
    throw new SetupRefused('Only a keyring in a file can be changed: set KEYRING_FILE.')
  }
  let version = 0
  await changeKeyringFile(keyring.file, secrets, Date.now, async (text) => {
    const { text: next, change } = decide(text)
    version = change.version
    await withDatabase(config, secrets, (db) =>
      changeKey({ db, clock: Date.now }, OPERATOR, parseKeyring(text), change),
    )
    return { text: next }
  })
  return version
}

/** The number of a key's version. Throws InvalidArgumentError. */
export function readVersion(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('it is a whole number from 1.')
  return Number(text)
}
