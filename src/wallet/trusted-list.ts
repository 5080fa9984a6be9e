/**
 * Lists that others keep of whom they vouch for. Fetched outside of any login, and believed by their signature under a
 * certificate that the policy pins, or that a list of lists names which is believed itself; never by their address.
 */
import { createHash } from 'node:crypto'
import { expectedListType, type TrustedList } from '../domain/trusted-list-policy.ts'
import { checkIssue, type FetchedList, type ReadList } from './listed-service.ts'
import { LARGEST_JSON_LIST, readJsonList } from './trusted-list-json.ts'
import { LARGEST_XML_LIST, readXmlList } from './trusted-list-xml.ts'

/** Octets of one list at most (TR-23). */
export const LARGEST_LISTS = { 'lote-jwt': LARGEST_JSON_LIST, 'tsl-xml': LARGEST_XML_LIST }

/** Returns a name for the signers of a list and for what it must say it is: what was believed by another rule counts no more. */
export function signersDigest(list: TrustedList): string {
  const { signers, format } = list
  const kind = format === 'lote-jwt' ? (list.loteType ?? '') : expectedListType(list)
  const texts = signers.map((pem) => pem.replace(/-----[^-]+-----|\s/g, '')).toSorted()
  return createHash('sha256')
    .update(JSON.stringify([format, kind, texts]))
    .digest('base64url')
}

/**
 * Returns what a list says, in octets as it was fetched. `now` in milliseconds; `known` is the sequence number of the
 * issue that is kept. The largest take a second or two; others have their turn meanwhile. Throws `ListError`.
 */
export async function readTrustedList(
  octets: Uint8Array,
  list: TrustedList,
  at: { now: number; known: number | undefined },
): Promise<ReadList> {
  const read =
    list.format === 'lote-jwt'
      ? await readJsonList(octets, list, at.now)
      : await readXmlList(octets, list, at.now)
  checkIssue(read, at)
  return read
}

/** Returns what was had of a list, if it was signed by somebody whom this policy names. */
export function believedList(
  list: TrustedList,
  fetched: readonly FetchedList[],
): FetchedList | undefined {
  const found = fetched.find(({ url }) => url === list.url)
  return found?.signers === signersDigest(list) ? found : undefined
}

/**
 * Returns the lists that a list of lists points to, one level and of the territories that the policy follows, as if the
 * policy named them: signed by whoever the list of lists says. None for a list that is not believed, or points nowhere.
 */
export function followedLists(
  rule: TrustedList,
  fetched: readonly FetchedList[],
): readonly TrustedList[] {
  const { follow } = rule
  if (follow === undefined) return []
  const { territories, tslType } = follow
  const pointers = believedList(rule, fetched)?.pointers ?? []
  return pointers
    .filter(({ territory, type }) => territories.includes(territory) && type === tslType)
    .map(({ url, territory, signers }) => ({
      ...{ id: `${rule.id}/${territory}`, url, format: rule.format, tslType },
      signers: signers.map(
        (text) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`,
      ),
      graceSeconds: rule.graceSeconds,
    }))
}

/** Returns every list there is to fetch: those that the policy names, and those that they point to. An address counts once. */
export function allLists(
  rules: readonly TrustedList[],
  fetched: readonly FetchedList[],
): readonly TrustedList[] {
  const lists = [...rules, ...rules.flatMap((rule) => followedLists(rule, fetched))]
  const seen = new Set<string>()
  return lists.filter(({ url }) => !seen.has(url) && seen.add(url))
}
