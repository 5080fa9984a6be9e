/** A program for the tests: starts the embedded Postgres on a folder, says what came of it, and waits to be killed. */
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts'

const folder = process.argv[2] ?? ''
try {
  const { adopted, runtimeUrl } = await startEmbeddedPostgres({ folder, durable: false })
  process.stdout.write(`${JSON.stringify({ adopted, runtimeUrl })}\n`)
} catch (error) {
  process.stdout.write(
    `${JSON.stringify({ refused: error instanceof Error ? error.message : '' })}\n`,
  )
}
setInterval(() => undefined, 1_000)
