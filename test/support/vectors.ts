/**
 * Project Wycheproof's vectors, which lie beside the project and are not part of it (Apache-2.0, C2SP/wycheproof). Cases
 * are registered where the folder is there, as in continuous integration; where it is not, one line says so, and the
 * small vectors of RFCs and NIST in our own tests still prove the basics.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** `../shared/vectors`, seen from the project's root. */
export const VECTOR_FOLDER = path.resolve(import.meta.dirname, '../../../shared/vectors')

/** Gives the content of `<name>_test.json`. */
export type ReadVectors = <File>(name: string) => File

/** How to read the vectors, or undefined where there are none; then `say` is told once. */
export function findVectors(
  folder: string = VECTOR_FOLDER,
  say: (line: string) => void = (line) => process.stderr.write(line),
): ReadVectors | undefined {
  if (!existsSync(path.join(folder, 'aes_gcm_test.json'))) {
    say(`Wycheproof's vectors are not in ${folder}: its cases are not run here\n`)
    return undefined
  }
  return (name) => JSON.parse(readFileSync(path.join(folder, `${name}_test.json`), 'utf8'))
}
