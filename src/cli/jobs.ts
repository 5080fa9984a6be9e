/** `jobs list`, `run`, `pause` and `resume`: what happens by itself, and an operator's hand on it. */
import { Command } from 'commander'
import { readConfig } from '../config.ts'
import { changeJob } from '../flow/change-job.ts'
import { readJobs } from '../flow/read-jobs.ts'
import { SetupRefused } from '../store/setup-refused.ts'
import { withDatabase, withKeyring } from './database.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

export function jobsCommand(terminal: Terminal): Command {
  const jobs = new Command('jobs').description('What happens by itself')
  jobs
    .command('list')
    .description('list every background job with its next and last run')
    .action(() => list(terminal))
  const named = (word: string, description: string) =>
    jobs.command(word).description(description).argument('<name>', 'the job')
  named('run', 'run it here and now, unless somebody else is at it').action((name: string) =>
    runJob(terminal, name),
  )
  named('pause', 'nobody begins it; a run under way stops at its next batch').action(
    (name: string) => change(terminal, name, 'pause'),
  )
  named('resume', 'it goes on').action((name: string) => change(terminal, name, 'resume'))
  return jobs
}

async function list(terminal: Terminal): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const jobs = await withDatabase(config, secrets, (db) => readJobs({ db }, OPERATOR))
  const rows = jobs.map((job) => [
    job.name,
    job.paused ? 'paused' : job.dueAt,
    job.runningUntil ?? '',
    job.finishedAt ?? 'never',
    job.outcome === undefined ? '' : JSON.stringify(job.outcome),
  ])
  terminal.out(tableOf(['job', 'due', 'running until', 'last finished', 'last outcome'], rows))
}

/** Says how many of what; throws where it is unknown, paused, somebody else's, or did not end well. */
export async function runJob(terminal: Terminal, name: string): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const { runJobHere } = await import('../jobs.ts')
  const ended = await withKeyring(config, secrets, (place) =>
    runJobHere(
      { ...place, config, clock: Date.now, checkpointToken: secrets.auditCheckpointsToken },
      name,
    ),
  )
  if (ended === undefined) throw new SetupRefused('There is no job of that name.')
  if (ended === 'busy') throw new SetupRefused('It is paused, or somebody else is at it.')
  terminal.out(JSON.stringify(ended.counts))
  if (ended.word !== 'ok') throw new SetupRefused(`The run ended as ${ended.word}.`)
}

async function change(terminal: Terminal, name: string, word: 'pause' | 'resume'): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  await withDatabase(config, secrets, (db) =>
    changeJob({ db, clock: Date.now }, OPERATOR, name, word),
  )
  terminal.err(word === 'pause' ? 'Paused.' : 'It goes on.')
}
