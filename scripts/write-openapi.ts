/** `npm run openapi`: writes `openapi.yaml`. A test fails when the file and the code differ. */
import { writeFileSync } from 'node:fs'
import { openapiText } from './openapi.ts'

writeFileSync(new URL('../openapi.yaml', import.meta.url), openapiText())
