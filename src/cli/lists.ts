/** `tenant list` and `jobs list`. */
import { Command } from 'commander'
import { readConfig } from '../config.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { readAllTenants } from '../flow/read-tenants.ts'
import { read } from '../store/database.ts'
import { listJobs } from '../store/job.ts'
import { withDatabase } from './database.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

const PAGE = 200

export function tenantCommand(terminal: Terminal): Command {
  const tenant = new Command('tenant').description('Tenants')
  tenant
    .command('list')
    .description('list all tenants with their issuers')
    .action(() => printTenants(terminal))
  return tenant
}

export function jobsCommand(terminal: Terminal): Command {
  const jobs = new Command('jobs').description('What happens by itself')
  jobs
    .command('list')
    .description('list every background job with its next and last run')
    .action(() => printJobs(terminal))
  return jobs
}

async function printTenants(terminal: Terminal): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const rows = await withDatabase(config, secrets, async (db) => {
    const found: string[][] = []
    let after: string | undefined = ''
    while (after !== undefined) {
      const page = await readAllTenants({ db, config }, OPERATOR, { after, limit: PAGE })
      for (const { tenant, issuer } of page.tenants) {
        found.push([tenant.slug, tenant.name.en, tenant.enabled ? 'yes' : 'no', issuer])
      }
      after = page.next
    }
    return found
  })
  terminal.out(tableOf(['slug', 'name', 'enabled', 'issuer'], rows))
}

async function printJobs(terminal: Terminal): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const [jobs] = await withDatabase(config, secrets, (db) =>
    read(db, SYSTEM_TENANT, [listJobs({})]),
  )
  const rows = jobs.map((job) => [
    job.name,
    job.paused === 1 ? 'paused' : job.due_at,
    job.lease_owner === null ? '' : (job.lease_until ?? ''),
    job.last_finished_at ?? 'never',
    job.last_outcome ?? '',
  ])
  terminal.out(tableOf(['job', 'due', 'running until', 'last finished', 'last outcome'], rows))
}
