/** Conditions of a request on the version it means to change or read (RFC 9110 section 13.1). */

export interface Conditions {
  /** `If-Match`; undefined where absent. */
  ifMatch: string | undefined
  /** `If-None-Match`. */
  ifNoneMatch: string | undefined
}

/** Whether the request may go on; `version` is undefined where there is nothing. */
export function judgeConditions(
  { ifMatch, ifNoneMatch }: Conditions,
  version: string | undefined,
): boolean {
  if (ifMatch !== undefined && !names(ifMatch, version, false)) return false
  return ifNoneMatch === undefined || !names(ifNoneMatch, version, true)
}

/** Whether a list of entity tags names the version; weak ones count for reading only (RFC 9110 section 8.8.3.2). */
export function names(header: string, version: string | undefined, weakToo: boolean): boolean {
  if (version === undefined) return false
  if (header.trim() === '*') return true
  return header
    .split(',')
    .map((tag) => (weakToo ? tag.trim().replace(/^W\//, '') : tag.trim()))
    .includes(`"${version}"`)
}
