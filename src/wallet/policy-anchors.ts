/**
 * Where the anchors of a trust entry come from: the policy itself, and the lists that it names.
 */
import { SECOND } from '../domain/time.ts'
import { pemOf, type TrustAnchor } from '../domain/trust-policy.ts'
import type { TrustedList } from '../domain/trusted-list-policy.ts'
import { type AnchorSource, createAnchorSet } from './certificate-path.ts'
import type { FetchedList } from './listed-service.ts'
import type { CertifiedEntry } from './trust.ts'
import { believedList, followedLists } from './trusted-list.ts'

/** Returns the anchors that an entry has out of the lists it names, each for as long as its list counts. */
export function listedAnchors(
  entry: CertifiedEntry,
  lists: readonly TrustedList[],
  fetched: readonly FetchedList[],
): readonly AnchorSource[] {
  return entry.trustedLists.flatMap(({ list: id, services }) => {
    const list = lists.find((one) => one.id === id)
    // What was signed by somebody whom this policy does not name is not believed under it.
    const found = list === undefined ? undefined : believedList(list, fetched)
    if (list === undefined || found === undefined) return []
    const followed = followedLists(list, fetched).flatMap((one) => believedList(one, fetched) ?? [])
    return [found, ...followed].flatMap((one) => {
      // A list counts no longer than the one that points to it.
      const staleFrom = Math.min(found.nextUpdate, one.nextUpdate)
      const notAfter = staleFrom + list.graceSeconds * SECOND
      const by = [...new Set([one.url, found.url])]
      return anchorsIn(one, services).map((der) => ({ der, notAfter, staleFrom, lists: by }))
    })
  })
}

/** Those that may be anchors; a list holds what others put there. */
function anchorsIn({ services }: FetchedList, types: readonly string[]): readonly Uint8Array[] {
  return services
    .filter((service) => types.includes(service.type))
    .flatMap((service) => service.certificates.map((text) => Buffer.from(text, 'base64')))
    .filter((der) => createAnchorSet([der]) !== undefined)
}

/** Returns an anchor of the policy with the time in which it counts. */
export function sourceOf(anchor: TrustAnchor): AnchorSource {
  const der = Buffer.from(pemOf(anchor).replace(/-----[^-]+-----|\s/g, ''), 'base64')
  if (typeof anchor === 'string') return { der }
  const at = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text))
  return { der, notBefore: at(anchor.notBefore), notAfter: at(anchor.notAfter) }
}
