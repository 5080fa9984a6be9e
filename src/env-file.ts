/**
 * `npm start`, `npm run migrate` and `npm run cli` run this file first (`--import`): what a file `.env` says counts where the
 * environment says nothing. Whoever starts the process otherwise, an image or a test, has no such file read.
 */
import { existsSync } from 'node:fs'

if (existsSync('.env')) process.loadEnvFile('.env')
