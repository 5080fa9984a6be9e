/**
 * `npm run migrate [-- --adopt] [-- --new-password]`: brings the database of DATABASE_OWNER_URL up to `sql/` and makes the
 * login the service runs with. Its URL is printed once, for that is the purpose; it is stored nowhere.
 */
import { parseArgs } from 'node:util'
import { operatorSentence } from './operator-sentence.ts'
import { adopt, migrate, migrationFolder, readMigrations, urlForLogin } from './store/migrate.ts'
import { createRuntimeLogin, RUNTIME_ROLE } from './store/roles.ts'
import { SetupRefused } from './store/setup-refused.ts'

async function main(ownerUrl: string, options: { adopt: boolean; renew: boolean }): Promise<void> {
  const migrations = await readMigrations(migrationFolder())
  if (options.adopt) {
    await adopt(ownerUrl, migrations)
    console.log(`Adopted: the database is what ${migrations.length} files build.`)
  }
  const applied = await migrate(ownerUrl, migrations)
  for (const name of applied) console.log(`Applied ${name}`)
  if (applied.length === 0) console.log('The database is current.')

  const password = await createRuntimeLogin(ownerUrl, options)
  if (password === undefined) {
    console.log(
      `The login ${RUNTIME_ROLE} exists. For a new password: npm run migrate -- --new-password`,
    )
    return
  }
  console.log('Set this as DATABASE_URL; it is not shown again:')
  console.log(urlForLogin(ownerUrl, RUNTIME_ROLE, password))
}

function readOptions(): { adopt: boolean; renew: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        adopt: { type: 'boolean', default: false },
        'new-password': { type: 'boolean', default: false },
      },
    })
    return { adopt: values.adopt, renew: values['new-password'] }
  } catch (cause) {
    throw new SetupRefused('npm run migrate [-- --adopt] [-- --new-password]', { cause })
  }
}

const ownerUrl = process.env.DATABASE_OWNER_URL
try {
  const options = readOptions()
  if (ownerUrl === undefined || ownerUrl === '') {
    throw new SetupRefused('Set DATABASE_OWNER_URL to the URL of the login that owns the database')
  }
  await main(ownerUrl, options)
} catch (error) {
  if (!(error instanceof Error)) throw error
  console.error(operatorSentence(error) ?? error.message)
  process.exitCode = 1
}
