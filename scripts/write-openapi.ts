/** `npm run openapi`: writes `openapi.yaml`, `client/` and `docs/schemas/`. Tests fail when a file and the code differ. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { clientTypes } from './client-types.ts'
import { openapiText } from './openapi.ts'
import { policySchemas } from './policy-schemas.ts'

writeFileSync(new URL('../openapi.yaml', import.meta.url), openapiText())
const client = new URL('../client/', import.meta.url)
mkdirSync(client, { recursive: true })
writeFileSync(new URL('identity-bridge.ts', client), clientTypes())
const folder = new URL('../docs/schemas/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [file, text] of policySchemas()) writeFileSync(new URL(file, folder), text)
