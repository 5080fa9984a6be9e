/** `npm run cli -- …`: what an operator does beside the service. Exits 1 when it could not be done. */
import { runCommand } from './cli/command.ts'

process.exitCode = await runCommand(process.argv.slice(2), {
  environment: { ...process.env },
  out: (line) => console.log(line),
  err: (line) => console.error(line),
})
