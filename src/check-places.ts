/** The files and folders outside the database, tried before anything is served: a wrong path is told at the start. */
import { accessSync, closeSync, constants, mkdirSync, openSync } from 'node:fs'
import type { Config } from './config.ts'
import { ConfigError } from './environment.ts'

/**
 * Makes what is not there yet: the empty ledger, the folders of checkpoints. Throws {@link ConfigError} where one of them
 * cannot be written to, for an erasure would otherwise be the first to hear of it.
 */
export function checkPlaces(config: Pick<Config, 'erasureLedger' | 'auditCheckpoints'>): void {
  const ledger = config.erasureLedger
  if (ledger !== undefined) attempt('ERASURE_LEDGER', () => closeSync(openSync(ledger, 'a', 0o600)))
  for (const { kind, where } of config.auditCheckpoints)
    if (kind === 'folder')
      attempt('AUDIT_CHECKPOINTS', () => {
        mkdirSync(where, { recursive: true, mode: 0o700 })
        accessSync(where, constants.W_OK)
      })
}

function attempt(variable: string, use: () => void): void {
  try {
    use()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
    throw Object.assign(
      new ConfigError(variable, `cannot be written to${code}: make its folder, for this account`),
      { cause },
    )
  }
}
