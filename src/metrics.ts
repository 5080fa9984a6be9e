/** Prometheus metrics: counts and durations by flow and outcome. Labels come from our own words only. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { SECOND } from './domain/time.ts'

export interface Metrics {
  request(route: string, method: string, status: number, seconds: number): void
  /** One more end of a flow: `flow` is the flow's name, `outcome` a failure kind, reason or `ok`. */
  outcome(flow: string, outcome: string): void
  job(name: string, outcome: string, seconds: number): void
  /** Where each job stands, as its row says: times in milliseconds since the epoch. */
  jobs(standing: readonly JobStanding[], now: number): void
  /** How much ends soon or has ended, by `kind_state` (domain/expiry.ts). */
  expiring(counts: Readonly<Record<string, number>>): void
  /** How often this process sealed under each purpose and version of Key C, and whether that is too often. */
  seals(counts: readonly SealCount[], rotationDue: boolean): void
  /** The exposition text and its content type. */
  expose(): Promise<{ contentType: string; text: string }>
}

interface SealCount {
  purpose: string
  version: number
  seals: number
}

export interface JobStanding {
  name: string
  dueAt: number
  finishedAt: number | undefined
  paused: boolean
}

/** A registry of its own, so that two services in one process (tests) do not share counters. */
export function createMetrics(options: { processMetrics: boolean }): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'bridge_http_requests_total',
    help: 'Requests by route, method and status class',
    labelNames: ['route', 'method', 'status'],
    registers,
  })
  const durations = new Histogram({
    name: 'bridge_http_request_duration_seconds',
    help: 'Time to answer, by route',
    labelNames: ['route'],
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  })
  const outcomes = new Counter({
    name: 'bridge_flow_outcomes_total',
    help: 'Ends of each flow, by outcome',
    labelNames: ['flow', 'outcome'],
    registers,
  })
  const jobRuns = new Counter({
    name: 'bridge_job_runs_total',
    help: 'Runs of each background job, by outcome',
    labelNames: ['job', 'outcome'],
    registers,
  })
  const jobDurations = new Histogram({
    name: 'bridge_job_duration_seconds',
    help: 'Time one run of a background job took',
    labelNames: ['job'],
    buckets: [0.01, 0.05, 0.25, 1, 5, 30, 120],
    registers,
  })
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['job'], registers })
  const lastFinished = gauge(
    'bridge_job_last_finished_timestamp_seconds',
    'When each job last ended, on any instance',
  )
  const lag = gauge('bridge_job_lag_seconds', 'How long each job has been due; 0 while it is not')
  const paused = gauge('bridge_job_paused', '1 for a job that an operator has paused')
  const expiring = new Gauge({
    name: 'bridge_expiring',
    help: 'Certificates, anchors, lists and keys that end soon or have ended, over all tenants',
    labelNames: ['kind', 'state'],
    registers,
  })
  const seals = new Gauge({
    name: 'bridge_key_seals',
    help: 'Texts this process sealed under Key C; rotate before 2^28 of one version, over all processes',
    labelNames: ['purpose', 'key_version'],
    registers,
  })
  const rotationDue = new Gauge({
    name: 'bridge_key_rotation_due',
    help: '1 once this process alone sealed 2^28 texts under one purpose and version of Key C',
    registers,
  })
  if (options.processMetrics) collectDefaultMetrics({ register: registry })
  return {
    request(route, method, status, seconds) {
      requests.inc({ route, method, status: `${Math.floor(status / 100)}xx` })
      durations.observe({ route }, seconds)
    },
    outcome(flow, outcome) {
      outcomes.inc({ flow, outcome })
    },
    job(name, outcome, seconds) {
      jobRuns.inc({ job: name, outcome })
      jobDurations.observe({ job: name }, seconds)
    },
    jobs(standing, now) {
      for (const { name: job, ...one } of standing) {
        if (one.finishedAt !== undefined) lastFinished.set({ job }, one.finishedAt / SECOND)
        lag.set({ job }, one.paused ? 0 : Math.max(0, now - one.dueAt) / SECOND)
        paused.set({ job }, one.paused ? 1 : 0)
      }
    },
    expiring(counts) {
      for (const [name, count] of Object.entries(counts)) {
        const [, kind, state] = /^(.+)_(soon|expired)$/.exec(name) ?? []
        if (kind !== undefined && state !== undefined) expiring.set({ kind, state }, count)
      }
    },
    seals(counts, isDue) {
      for (const { purpose, version, seals: count } of counts)
        seals.set({ purpose, key_version: String(version) }, count)
      rotationDue.set(isDue ? 1 : 0)
    },
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}
