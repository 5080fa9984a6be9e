/** How a variable of the environment is read: its rule, and the sentence where it is broken. */
import { readFileSync } from 'node:fs'

export interface Variable {
  name: string
  /** What `.env.example` shows: the default, or an example in angle brackets. */
  example: string
  description: string
}

/** Thrown for a bad environment; the message names the variable and the rule, never the value. */
export class ConfigError extends Error {
  constructor(variable: string, rule: string) {
    super(`${variable}: ${rule}`)
    this.name = 'ConfigError'
  }
}

export type Environment = { readonly [name: string]: string | undefined }

/** The value without the space around it; undefined for an empty one. */
export function read(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim()
  return value === undefined || value === '' ? undefined : value
}

/** A whole number between the two bounds. Throws {@link ConfigError}. */
export function readNumber(
  environment: Environment,
  name: string,
  fallback: number,
  least: number,
  most: number,
): number {
  const text = read(environment, name)
  if (text === undefined) return fallback
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least && value <= most))
    throw new ConfigError(name, `must be a whole number from ${least} to ${most}`)
  return value
}

/** `yes` or `no`. Throws {@link ConfigError}. */
export function readSwitch(environment: Environment, name: string, fallback: boolean): boolean {
  const text = read(environment, name)
  if (text === undefined) return fallback
  if (text !== 'yes' && text !== 'no') throw new ConfigError(name, 'must be yes or no')
  return text === 'yes'
}

/** One of the choices. Throws {@link ConfigError}. */
export function readChoice<T extends string>(
  environment: Environment,
  name: string,
  fallback: T,
  choices: readonly T[],
): T {
  const text = read(environment, name)
  if (text === undefined) return fallback
  const found = choices.find((choice) => choice === text)
  if (found === undefined) throw new ConfigError(name, `must be one of ${choices.join(', ')}`)
  return found
}

/** Whether a URL's host is this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
}

/** A secret that stands in the variable, or in the file that the other variable names; a last line break is not part of it. */
export function readSecret(
  environment: Environment,
  name: string,
  fileName: string,
): string | undefined {
  const inline = read(environment, name)
  const file = read(environment, fileName)
  if (inline !== undefined && file !== undefined)
    throw new ConfigError(name, `and ${fileName} exclude each other`)
  if (file === undefined) return inline
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    throw Object.assign(new ConfigError(fileName, 'cannot be read'), { cause })
  }
}
