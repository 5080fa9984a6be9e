import { VARIABLES } from '../src/config.ts'

/** The text of `.env.example`: each variable with its sentence and its default. */
export function environmentExample(): string {
  const entries = VARIABLES.map(
    ({ name, example, description }) => `# ${description}\n${name}=${example}\n`,
  )
  return `# identity-bridge reads these, and nothing else (src/config.ts; npm run env writes this file).\n\n${entries.join('\n')}`
}
