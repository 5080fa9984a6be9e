/**
 * The lists of a trust policy: whom others vouch for, fetched ahead by a job and believed by their signature alone (TR-20 to
 * TR-23).
 */
import { z } from 'zod'

/** One certificate, PEM. */
export const pem = z
  .string()
  .max(16_384)
  .regex(/^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/)

export const listId = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/)

const listType = z.string().min(1).max(512)
const EU_LIST = 'http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric'
const EU_LIST_OF_LISTS = 'http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists'

const common = {
  id: listId,
  url: z.string().max(2048).refine(isListUrl, 'an https URL without user or fragment'),
  /**
   * PEM: who may sign it, told out of band. The certificate that comes along must be one of these. Name the next one beside
   * this one before it is used.
   */
  signers: z.array(pem).min(1).max(10),
  /** Seconds for which the list still counts past its next update where no newer one can be had. */
  graceSeconds: z.int().min(0).max(2_592_000).default(0),
}

/** ETSI TS 119 602, compact JWS. */
const jsonList = z.strictObject({
  ...common,
  format: z.literal('lote-jwt'),
  /** What kind of list it must say it is (`LoTEType`); absent: whatever it says. */
  loteType: listType.optional(),
})

/** ETSI TS 119 612, XML with XAdES. */
const xmlList = z.strictObject({
  ...common,
  format: z.literal('tsl-xml'),
  /** What kind of list it must say it is; that of the European Union's lists, or list of lists, unless said otherwise. */
  tslType: listType.optional(),
  /** It is a list of lists: those of these territories count too, signed by whoever it names. One level and no further. */
  follow: z
    .strictObject({
      territories: z
        .array(z.string().regex(/^[A-Z]{2}$/))
        .min(1)
        .max(50),
      /** What kind of lists the others are. */
      tslType: listType.default(EU_LIST),
    })
    .optional(),
})

export const trustedListRule = z.discriminatedUnion('format', [jsonList, xmlList])

/** A list, named by a policy or by a list of lists. */
export interface TrustedList {
  id: string
  url: string
  format: 'lote-jwt' | 'tsl-xml'
  signers: readonly string[]
  graceSeconds: number
  loteType?: string | undefined
  tslType?: string | undefined
  follow?: { territories: readonly string[]; tslType: string } | undefined
}

/** Returns what kind of list an XML list must say it is. */
export function expectedListType({ tslType, follow }: TrustedList): string {
  return tslType ?? (follow === undefined ? EU_LIST : EU_LIST_OF_LISTS)
}

/** Every list that an entry names is there, once; and an entry by certificate has anchors of one kind or the other (TR-04). */
export function checkLists(
  policy: {
    lists: readonly Pick<TrustedList, 'id' | 'url'>[]
    entries: readonly {
      id: string
      anchors?: readonly unknown[]
      trustedLists?: readonly { list: string }[]
    }[]
  },
  context: z.RefinementCtx,
): void {
  const issue = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path, message })
  const known = new Set(policy.lists.map(({ id }) => id))
  if (known.size < policy.lists.length) issue(['lists'], 'an id occurs twice')
  if (new Set(policy.lists.map(({ url }) => url)).size < policy.lists.length) {
    issue(['lists'], 'an address occurs twice')
  }
  policy.entries.forEach(({ anchors: own, trustedLists: listed = [] }, index) => {
    if (own?.length === 0 && listed.length === 0) {
      issue(['entries', index, 'anchors'], 'neither anchors nor trusted lists')
    }
    listed.forEach(({ list }, at) => {
      if (!known.has(list)) issue(['entries', index, 'trustedLists', at, 'list'], 'no such list')
    })
  })
}

/** Whether a list may lie there: an https URL without user or fragment, or this machine's own. */
export function isListUrl(text: string): boolean {
  const url = URL.parse(text)
  const isWeb = url?.protocol === 'https:' || isLoopback(url)
  return isWeb && url?.username === '' && url.password === '' && !text.includes('#')
}

/** The guard refuses it unless the service was started for development (UP-50). */
function isLoopback(url: URL | null): boolean {
  return url?.protocol === 'http:' && /^(?:localhost|127\.0\.0\.1)$/.test(url.hostname)
}
