/** `npm run population`: ten thousand made-up people through the real matcher and a real database. Exits 1 on a wrong link. */
import { parseArgs } from 'node:util'
import { settle, startDatabase } from '../bench/cluster.ts'
import { reportLines, summaryOf } from './report.ts'
import { runPopulation, STEP } from './run.ts'

const USAGE = 'npm run population -- [--people 10000] [--seed 1] [--policies all|default,subject]'

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    policies: { type: 'string', default: 'default' },
  },
})
const [people, seed] = [Number(values.people), Number(values.seed)]
if (!Number.isInteger(people) || people < 1 || !Number.isInteger(seed)) throw new TypeError(USAGE)

/** A line that is written over on a terminal, and anywhere else one for each tenth of the way. */
function progressTeller(): (set: string, done: number, of: number) => void {
  const begun = Date.now()
  let told = ''
  return (set, done, of) => {
    const tenth = `${set}: ${Math.floor((10 * done) / of) * 10} %`
    const after = `${Math.round((Date.now() - begun) / 1000)} s`
    if (process.stderr.isTTY)
      process.stderr.write(`\r${set}: ${done} of ${of} logins after ${after} `)
    else if (tenth !== told) process.stderr.write(`${tenth} of ${of} logins after ${after}\n`)
    told = tenth
  }
}

const tell = progressTeller()
// A crash would spoil it, and nobody would miss it.
const database = await startDatabase({ durable: false })
try {
  const results = await runPopulation({
    ...{
      runtimeUrl: database.runtimeUrl,
      people,
      seed,
      sets: values.policies === 'all' ? undefined : values.policies.split(','),
      atOnce: 8,
      mixUps: true,
    },
    async onProgress(set, done, of) {
      tell(set, done, of)
      // A service has a day for its first hundred people, and its database gathers statistics meanwhile.
      if (done <= 2 * STEP) await settle(database.superuser)
    },
  })
  if (process.stderr.isTTY) process.stderr.write('\n')
  for (const line of reportLines(results)) console.log(line)
  const summary = summaryOf(results)
  console.log(JSON.stringify(summary))
  if (summary.wrong_links > 0) process.exitCode = 1
} finally {
  await database.stop()
}
