import { VARIABLES } from '../src/config.ts'

const HEAD = `# identity-bridge reads these, and nothing else (src/config.ts; npm run env writes this file). Copied to .env it is read by
# npm start, npm run migrate and npm run cli; what the environment says already counts more.`

/** The text of `.env.example`: each variable with its sentence and its default. */
export function environmentExample(): string {
  const entries = VARIABLES.map(
    ({ name, example, description }) => `# ${description}\n${name}=${example}\n`,
  )
  return `${HEAD}\n\n${entries.join('\n')}`
}
