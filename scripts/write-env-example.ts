/** Writes `.env.example` from the list in `src/config.ts`; a test keeps the two equal. */
import { writeFileSync } from 'node:fs'
import { environmentExample } from './env-example.ts'

writeFileSync('.env.example', environmentExample())
