/** `npm run bench -- login | token | op | verify | audit | migrate`, with their flags. */
import { parseArgs } from 'node:util'
import { benchAudit } from './audit.ts'
import { benchLogin } from './login.ts'
import { benchMigrate } from './migrate.ts'
import { benchOp, benchToken } from './op.ts'
import { OPERATIONS, type Operation } from './op-requests.ts'
import { benchVerify } from './verify.ts'

const USAGE = `npm run bench -- login [--persons 10000,100000] [--seconds 6] [--concurrency 1,8,32] [--profile folder]
npm run bench -- token [--requests 5000] [--concurrency 1,8,32] [--profile folder]
npm run bench -- op [--operations userinfo,refresh] [--requests 5000] [--concurrency 1,8,32] [--profile folder]
npm run bench -- audit [--seconds 6] [--concurrency 1,8,32]
npm run bench -- verify [--verifications 2000]
npm run bench -- migrate [--persons 10000,100000]`

function numbers(text: string): number[] {
  const list = text.split(',').map(Number)
  if (list.some((number) => !Number.isInteger(number) || number < 1)) throw new TypeError(USAGE)
  return list
}

function operationsOf(text: string): Operation[] {
  return text.split(',').map((name) => {
    const known = OPERATIONS.find((operation) => operation === name)
    if (known === undefined) throw new TypeError(USAGE)
    return known
  })
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    persons: { type: 'string', default: '10000,100000' },
    seconds: { type: 'string', default: '6' },
    concurrency: { type: 'string', default: '1,8,32' },
    operations: { type: 'string', default: OPERATIONS.join(',') },
    requests: { type: 'string', default: '5000' },
    verifications: { type: 'string', default: '2000' },
    profile: { type: 'string' },
  },
})
const { profile } = values
const [seconds = 6] = numbers(values.seconds)
const [requests = 5000] = numbers(values.requests)
const [verifications = 2000] = numbers(values.verifications)
const concurrency = numbers(values.concurrency)
const nodeOptions = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
switch (positionals[0]) {
  case 'login': {
    const persons = numbers(values.persons).toSorted((a, b) => a - b)
    await benchLogin({ persons, seconds, concurrency, nodeOptions })
    break
  }
  case 'migrate':
    await benchMigrate({ persons: numbers(values.persons).toSorted((a, b) => a - b) })
    break
  case 'token':
    await benchToken({ requests, concurrency, nodeOptions })
    break
  case 'audit':
    await benchAudit({ seconds, concurrency })
    break
  case 'op':
    await benchOp(operationsOf(values.operations), { requests, concurrency, nodeOptions })
    break
  case 'verify':
    await benchVerify({ verifications })
    break
  default:
    console.error(USAGE)
    process.exitCode = 1
}
