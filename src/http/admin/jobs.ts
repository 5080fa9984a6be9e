/** Background jobs: `/admin/v1/jobs`. */
import { changeJob, type JobChange } from '../../flow/change-job.ts'
import type { JobView } from '../../flow/job-view.ts'
import { readJobs } from '../../flow/read-jobs.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { INSTANT } from './examples.ts'

const tag = 'Administration: jobs'
const scope = 'jobs:manage'
const EXAMPLE = {
  ...{ name: 'purge-deleted', paused: false, due_at: '2026-01-31T13:00:00.000Z' },
  ...{ running_until: null, started_at: INSTANT, finished_at: INSTANT },
  outcome: { matches: 12, bindings: 8 },
}

export function jobRoutes(deps: AdminDeps): Route[] {
  const change = (word: JobChange, summary: string, description: string) =>
    adminRoute(deps, {
      ...{ method: 'POST', path: `/jobs/:job/${word}`, operationId: `${word}Job`, tag, scope },
      ...{ summary, description, body: 'Nothing', sent: {} },
      ...{ answer: 'Job', told: EXAMPLE, status: 200, refusals: { 404: 'No such job.' } },
      run: async ({ actor, path }) => ({
        value: tell(await changeJob(deps, actor, path('job'), word)),
      }),
    })
  return [
    adminRoute(deps, {
      ...{ method: 'GET', path: '/jobs', operationId: 'listJobs', tag, scope },
      summary: 'List background jobs',
      description: 'Each with its last and next run. The same stands in the metrics.',
      ...{ answer: 'JobList', told: { jobs: [EXAMPLE] }, status: 200 },
      run: async ({ actor }) => ({ value: { jobs: (await readJobs(deps, actor)).map(tell) } }),
    }),
    change(
      'pause',
      'Pause a job',
      'No instance begins it, and a run under way stops at its next batch. What was done stays done.',
    ),
    change('resume', 'Resume a job', 'It is due as if it had never been paused.'),
    change(
      'hasten',
      'Make a job due now',
      'The instance that looks next runs it, within some seconds. A paused job stays paused.',
    ),
  ]
}

function tell(view: JobView) {
  return {
    ...{ name: view.name, paused: view.paused, due_at: view.dueAt },
    running_until: view.runningUntil ?? null,
    started_at: view.startedAt ?? null,
    finished_at: view.finishedAt ?? null,
    outcome: (view.outcome as { [name: string]: number } | undefined) ?? null,
  }
}
