/** `jobs list`. */
import { Command } from 'commander'
import { readConfig } from '../config.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { read } from '../store/database.ts'
import { listJobs } from '../store/job.ts'
import { withDatabase } from './database.ts'
import { type Terminal, tableOf } from './terminal.ts'

export function jobsCommand(terminal: Terminal): Command {
  const jobs = new Command('jobs').description('What happens by itself')
  jobs
    .command('list')
    .description('list every background job with its next and last run')
    .action(() => printJobs(terminal))
  return jobs
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
