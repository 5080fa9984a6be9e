/** `npm run demo`: plays and checks; `npm run demo -- --serve`: stays up for a person with a browser. */
import { parseArgs } from 'node:util'
import { type Closers, closeAll } from './closers.ts'
import { createNarration } from './narration.ts'

const USAGE = `npm run demo                       plays a first and a second login and checks them; exit code 0 if all held
npm run demo -- --serve            stays up, for a browser; Ctrl-C ends it
               --port 3000         where the bridge listens with --serve
               --data ./folder     keeps database and keys there instead of in a temporary folder`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      serve: { type: 'boolean', default: false },
      port: { type: 'string', default: '3000' },
      data: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const port = Number(values.port)
  if (!/^\d{1,5}$/.test(values.port) || port < 1 || port > 65_535) {
    throw new Error('--port takes a number from 1 to 65535')
  }
  const signal = listenForSignal()
  const tell = createNarration(
    (line) => console.log(line),
    process.stdout.isTTY === true,
    signal.requested,
  )
  const common = { folder: values.data, nodeEnv: process.env.NODE_ENV }
  const closers: Closers = []
  try {
    if (!values.serve) {
      const { play } = await quietly(() => import('./play.ts'))
      return (await play(common, tell, closers)) ? 0 : 1
    }
    const { serveDemo } = await quietly(() => import('./serve.ts'))
    await serveDemo({ ...common, port }, tell, closers)
    await signal.arrived
    console.log('\nStopping.')
    return 0
  } finally {
    await closeAll(closers)
  }
}

/** The first SIGINT or SIGTERM; the narration ends before its next step, so that all that runs is known and taken down. */
function listenForSignal(): { requested: () => boolean; arrived: Promise<void> } {
  let requested = false
  const arrived = new Promise<void>((resolve) => {
    const stop = () => {
      requested = true
      resolve()
    }
    // Kept, not once: a second Ctrl-C must not cut the taking down short.
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
  return { requested: () => requested, arrived }
}

/** The institution's library warns of every Node that was not there when it was published; that is not our story. */
async function quietly<Loaded>(load: () => Promise<Loaded>): Promise<Loaded> {
  const { warn } = console
  console.warn = (line: unknown) => {
    if (!String(line).includes('oidc-provider WARNING: Unsupported runtime')) warn(line)
  }
  try {
    return await load()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'))
      throw error
    throw new Error('The demo needs the packages for development; run npm ci without --omit=dev.', {
      cause: error,
    })
  } finally {
    console.warn = warn
  }
}

main()
  .then((code) => {
    process.exitCode = code
  })
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  })
