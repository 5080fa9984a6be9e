/**
 * Trusted lists in XML (ETSI TS 119 612), and lists of such lists: providers of trust services with their status, signed with
 * XAdES.
 */
import { expectedListType, isListUrl, type TrustedList } from '../domain/trusted-list-policy.ts'
import {
  createServiceShelf,
  currentSigners,
  instantIn,
  type ListedService,
  type ListPointer,
  MOST_ENTITIES,
  MOST_SERVICES,
  putService,
  type ReadList,
  refuseList,
  servicesOf,
} from './listed-service.ts'
import { childrenOf, openSignedXml, XmlSignatureError } from './xml-signature.ts'

/** Octets of one list at most (TR-23). */
export const LARGEST_XML_LIST = 8 * 1024 * 1024

const TSL = 'http://uri.etsi.org/02231/v2#'
const MORE = 'http://uri.etsi.org/02231/v2/additionaltypes#'
/** Clause 5.3.1: 5 until TS 119 612 V2.2.1, 6 from V2.3.1 on. */
const VERSIONS = ['5', '6']
const XML_TYPE = 'application/vnd.etsi.tsl+xml'
/** Last words of the status of a service that counts (clause 5.5.4); one whose status is of another time does not. */
const GRANTED =
  /^http:\/\/uri\.etsi\.org\/TrstSvc\/TrustedList\/Svcstatus\/(?:granted|recognisedatnationallevel)$/
const MOST_POINTERS = 100
const MOST_SIGNERS = 20

/** Returns what a list says, if one of its signers signed it. `now` in milliseconds. Throws `ListError`. */
export function readXmlList(text: string, list: TrustedList, now: number): ReadList {
  const root = signedRoot(text, list, now)
  const scheme = only(root, 'SchemeInformation')
  if (!VERSIONS.includes(textIn(scheme, 'TSLVersionIdentifier'))) refuseList('list_malformed')
  if (textIn(scheme, 'TSLType') !== expectedListType(list)) refuseList('list_malformed')
  return {
    sequence: wholeNumber(textIn(scheme, 'TSLSequenceNumber')),
    issuedAt: instantIn(textIn(scheme, 'ListIssueDateTime')),
    nextUpdate: nextUpdateIn(scheme),
    services: servicesIn(root, now),
    pointers: pointersIn(scheme),
  }
}

function signedRoot(text: string, list: TrustedList, now: number): Element {
  if (text.length > LARGEST_XML_LIST) refuseList('list_malformed')
  try {
    const root = openSignedXml(text, currentSigners(list, now))
    const isList = root.namespaceURI === TSL && root.localName === 'TrustServiceStatusList'
    return isList ? root : refuseList('list_malformed')
  } catch (error) {
    if (!(error instanceof XmlSignatureError)) throw error
    return refuseList(
      error.reason === 'malformed' ? 'list_malformed' : 'list_signature_invalid',
      error,
    )
  }
}

/** A list that was closed for good has none (clause 5.3.15): whoever is on it is vouched for no more. */
function nextUpdateIn(scheme: Element): number {
  const [time] = childrenOf(only(scheme, 'NextUpdate'), TSL, 'dateTime')
  return time === undefined ? 0 : instantIn((time.textContent ?? '').trim())
}

function servicesIn(root: Element, now: number): readonly ListedService[] {
  const shelf = createServiceShelf()
  const [list] = childrenOf(root, TSL, 'TrustServiceProviderList')
  const providers = list === undefined ? [] : childrenOf(list, TSL, 'TrustServiceProvider')
  if (providers.length > MOST_ENTITIES) refuseList('list_malformed')
  for (const provider of providers) {
    const services = childrenOf(only(provider, 'TSPServices'), TSL, 'TSPService')
    if (services.length > MOST_SERVICES) refuseList('list_malformed')
    for (const service of services) {
      const said = only(service, 'ServiceInformation')
      if (!isGranted(said, now)) continue
      const identity = only(said, 'ServiceDigitalIdentity')
      putService(shelf, textIn(said, 'ServiceTypeIdentifier'), certificatesIn(identity))
    }
  }
  return servicesOf(shelf)
}

/** Services stay on a list when they end, with another status; what they were before is in their history (TR-22). */
function isGranted(service: Element, now: number): boolean {
  if (!GRANTED.test(textIn(service, 'ServiceStatus'))) return false
  return instantIn(textIn(service, 'StatusStartingTime')) <= now
}

function certificatesIn(identity: Element): readonly string[] {
  return childrenOf(identity, TSL, 'DigitalId').flatMap((id) =>
    childrenOf(id, TSL, 'X509Certificate').map((one) => (one.textContent ?? '').replace(/\s/g, '')),
  )
}

/** Those in the form that we read, at an address that may be asked; the others (for people to read, say) are nobody's. */
function pointersIn(scheme: Element): readonly ListPointer[] {
  const [pointers] = childrenOf(scheme, TSL, 'PointersToOtherTSL')
  const others = pointers === undefined ? [] : childrenOf(pointers, TSL, 'OtherTSLPointer')
  if (others.length > MOST_POINTERS) refuseList('list_malformed')
  return others.flatMap((pointer) => {
    const url = textIn(pointer, 'TSLLocation')
    const about = aboutPointer(pointer)
    if (about.mime !== XML_TYPE || !isListUrl(url)) return []
    const identities = only(pointer, 'ServiceDigitalIdentities')
    const signers = childrenOf(identities, TSL, 'ServiceDigitalIdentity').flatMap(certificatesIn)
    if (signers.length > MOST_SIGNERS) refuseList('list_malformed')
    return [{ url, territory: about.territory, type: about.type, signers }]
  })
}

function aboutPointer(pointer: Element): { mime: string; territory: string; type: string } {
  const said = childrenOf(only(pointer, 'AdditionalInformation'), TSL, 'OtherInformation')
  const find = (namespace: string, name: string) =>
    said.flatMap((one) => childrenOf(one, namespace, name)).map((one) => one.textContent?.trim())[0]
  return {
    mime: find(MORE, 'MimeType') ?? '',
    territory: find(TSL, 'SchemeTerritory') ?? '',
    type: find(TSL, 'TSLType') ?? '',
  }
}

function only(parent: Element, name: string): Element {
  const [one, ...more] = childrenOf(parent, TSL, name)
  return one !== undefined && more.length === 0 ? one : refuseList('list_malformed')
}

function textIn(parent: Element, name: string): string {
  return (only(parent, name).textContent ?? '').trim()
}

function wholeNumber(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : refuseList('list_malformed')
}
