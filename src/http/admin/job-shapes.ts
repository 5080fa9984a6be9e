/** Background jobs as the administration answers them. */
import { z } from 'zod'
import { instant } from './common-shapes.ts'

export const Job = z.object({
  name: z.string(),
  paused: z.boolean().describe('Nobody runs it until it is resumed.'),
  due_at: instant,
  running_until: instant.nullable().describe('Until when an instance holds it.'),
  started_at: instant.nullable(),
  finished_at: instant.nullable(),
  outcome: z
    .record(z.string(), z.number())
    .nullable()
    .describe('What the last finished run counted.'),
})
export const JobList = z.object({ jobs: z.array(Job) })
