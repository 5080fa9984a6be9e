/** `npm run openapi`: writes `openapi.yaml` and `docs/schemas/`. Tests fail when a file and the code differ. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { openapiText } from './openapi.ts'
import { policySchemas } from './policy-schemas.ts'

writeFileSync(new URL('../openapi.yaml', import.meta.url), openapiText())
const folder = new URL('../docs/schemas/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [file, text] of policySchemas()) writeFileSync(new URL(file, folder), text)
