/**
 * Trusted lists in XML (ETSI TS 119 612), and lists of such lists: providers of trust services with their status, signed with
 * XAdES.
 */
import { expectedListType, isListUrl, type TrustedList } from '../domain/trusted-list-policy.ts'
import {
  createServiceShelf,
  currentSigners,
  instantIn,
  type ListPointer,
  MOST_ENTITIES,
  MOST_SERVICES,
  putService,
  type ReadList,
  refuseList,
  type ServiceShelf,
  servicesOf,
} from './listed-service.ts'
import {
  childrenOf,
  growBranches,
  PASSED_OVER,
  routeBranches,
  textInside,
  type XmlElement,
} from './xml-branch.ts'
import type { XmlOpening } from './xml-reader.ts'
import { readSignedXml, XmlSignatureError } from './xml-signature.ts'

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
/** Elements, attributes and namespaces of one service, and of what is said of the scheme. */
const LARGEST_BRANCH = 20_000

/** Returns what a list says, if one of its signers signed it. `now` in milliseconds. Throws `ListError`. */
export async function readXmlList(
  octets: Uint8Array,
  list: TrustedList,
  now: number,
): Promise<ReadList> {
  if (octets.length > LARGEST_XML_LIST) refuseList('list_malformed')
  const { schemes, shelf } = await readBranches(octets, list, now)
  const [scheme] = schemes
  if (scheme === undefined) return refuseList('list_malformed')
  if (!VERSIONS.includes(textIn(scheme, 'TSLVersionIdentifier'))) refuseList('list_malformed')
  if (textIn(scheme, 'TSLType') !== expectedListType(list)) refuseList('list_malformed')
  const sequence = wholeNumber(textIn(scheme, 'TSLSequenceNumber'))
  const issuedAt = instantIn(textIn(scheme, 'ListIssueDateTime'))
  const nextUpdate = nextUpdateIn(scheme)
  if (nextUpdate === undefined) {
    const nobody = { services: [], pointers: [] }
    return { sequence, issuedAt, nextUpdate: issuedAt, closed: true, ...nobody }
  }
  const services = servicesOf(shelf)
  return { sequence, issuedAt, nextUpdate, services, pointers: pointersIn(scheme) }
}

interface Branches {
  schemes: XmlElement[]
  shelf: ServiceShelf
}

/** The scheme's information is kept; services are looked at one by one, and only their certificates are kept. */
async function readBranches(octets: Uint8Array, list: TrustedList, now: number): Promise<Branches> {
  const branches: Branches = { schemes: [], shelf: createServiceShelf() }
  const scheme = growBranches(LARGEST_BRANCH, (branch) => branches.schemes.push(branch))
  const service = growBranches(LARGEST_BRANCH, (branch) => putListed(branches.shelf, branch, now))
  const isService = serviceCounter()
  const choose = (one: XmlOpening, around: readonly XmlOpening[]) => {
    const path = [...around, one]
    if (path[0]?.namespace !== TSL || path[0].local !== TO_SERVICE[0]) refuseList('list_malformed')
    if (path.some(({ namespace }) => namespace !== TSL)) return undefined
    const names = path.map(({ local }) => local)
    if (isService(names)) return service
    if (names.length !== 2 || names[1] !== 'SchemeInformation') return undefined
    return branches.schemes.length === 0 ? scheme : refuseList('list_malformed')
  }
  try {
    await readSignedXml(octets, currentSigners(list, now), routeBranches(choose, PASSED_OVER))
    return branches
  } catch (error) {
    if (!(error instanceof XmlSignatureError)) throw error
    const isForm = error.reason === 'malformed'
    return refuseList(isForm ? 'list_malformed' : 'list_signature_invalid', error)
  }
}

/** From the root to a service. */
const TO_SERVICE = [
  'TrustServiceStatusList',
  'TrustServiceProviderList',
  'TrustServiceProvider',
  'TSPServices',
  'TSPService',
]

/** Returns whether there is a service at the end of a path; asked about each element in its order, it counts. */
function serviceCounter(): (path: readonly string[]) => boolean {
  let providers = 0
  let services = 0
  return (path) => {
    if (path.some((name, depth) => name !== TO_SERVICE[depth])) return false
    if (path.length === 3) {
      providers += 1
      services = 0
    }
    const isService = path.length === TO_SERVICE.length
    if (isService) services += 1
    if (providers > MOST_ENTITIES || services > MOST_SERVICES) refuseList('list_malformed')
    return isService
  }
}

/** A list that was closed for good has none (clause 5.3.15): whoever was on it is vouched for no more. */
function nextUpdateIn(scheme: XmlElement): number | undefined {
  const next = only(scheme, 'NextUpdate')
  const isEmpty = next.children.every((one) => typeof one === 'string' && one.trim() === '')
  return isEmpty ? undefined : instantIn(textIn(next, 'dateTime'))
}

function putListed(shelf: ServiceShelf, service: XmlElement, now: number): void {
  const said = only(service, 'ServiceInformation')
  if (!isGranted(said, now)) return
  const identity = only(said, 'ServiceDigitalIdentity')
  putService(shelf, textIn(said, 'ServiceTypeIdentifier'), certificatesIn(identity))
}

/** Services stay on a list when they end, with another status; what they were before is in their history (TR-22). */
function isGranted(service: XmlElement, now: number): boolean {
  if (!GRANTED.test(textIn(service, 'ServiceStatus'))) return false
  return instantIn(textIn(service, 'StatusStartingTime')) <= now
}

function certificatesIn(identity: XmlElement): readonly string[] {
  return childrenOf(identity, TSL, 'DigitalId').flatMap((id) =>
    childrenOf(id, TSL, 'X509Certificate').map((one) => textInside(one).replace(/\s/g, '')),
  )
}

/** Those in the form that we read, at an address that may be asked; the others (for people to read, say) are nobody's. */
function pointersIn(scheme: XmlElement): readonly ListPointer[] {
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

function aboutPointer(pointer: XmlElement): { mime: string; territory: string; type: string } {
  const said = childrenOf(only(pointer, 'AdditionalInformation'), TSL, 'OtherInformation')
  const find = (namespace: string, name: string) =>
    said.flatMap((one) => childrenOf(one, namespace, name)).map((one) => textInside(one).trim())[0]
  return {
    mime: find(MORE, 'MimeType') ?? '',
    territory: find(TSL, 'SchemeTerritory') ?? '',
    type: find(TSL, 'TSLType') ?? '',
  }
}

function only(parent: XmlElement, name: string): XmlElement {
  const [one, ...more] = childrenOf(parent, TSL, name)
  return one !== undefined && more.length === 0 ? one : refuseList('list_malformed')
}

function textIn(parent: XmlElement, name: string): string {
  return textInside(only(parent, name)).trim()
}

function wholeNumber(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : refuseList('list_malformed')
}
