/**
 * From an entity up to an anchor (OpenID Federation 1.0 sections 8.1 and 10.1): configurations from well-known addresses,
 * statements about those below from each superior's fetch endpoint. Bounded in depth, number and time, whoever answers what
 * (TR-31).
 */
import { BridgeError, fail } from '../domain/failure.ts'
import {
  type EntityStatement,
  FederationError,
  LARGEST_STATEMENT,
  objectIn,
  readStatement,
  verifyStatement,
} from './entity-statement.ts'
import { type FederationAnchor, LONGEST_CHAIN, resolveChain } from './trust-chain.ts'

/** Fetches one statement as text under the rules of protocols 5.6. Throws where it cannot. */
export type FetchStatement = (
  url: string,
  options: { maxBytes: number; timeoutMs: number; contentTypes: readonly string[] },
) => Promise<string>

const MOST_FETCHES = 20
const TOTAL_MS = 5_000
const TIMEOUT_MS = 2_000
const TYPES = ['application/entity-statement+jwt']

interface Climb {
  fetchStatement: FetchStatement
  anchors: readonly FederationAnchor[]
  marks: readonly string[]
  now: number
  /** When time is up, on the process's own clock: this is about waiting, not about validity. */
  until: number
  fetched: number
  configurations: Map<string, Promise<EntityStatement>>
}

/** Returns the address of an entity's configuration: below its identifier, unlike other well-known addresses (TR-30). */
function configurationUrl(entity: string): string {
  return `${entity.replace(/\/$/, '')}/.well-known/openid-federation`
}

/**
 * Returns the statements of a chain that proves an entity, as they were sent: the first of all ways up that holds. `now` in
 * milliseconds. Throws `outbound_refused`: `not_believed` where no way up holds, else why nobody could be asked.
 */
export async function collectChain(
  entity: string,
  wanted: { anchors: readonly FederationAnchor[]; marks: readonly string[]; now: number },
  fetchStatement: FetchStatement,
): Promise<readonly string[]> {
  const until = performance.now() + TOTAL_MS
  const climb: Climb = {
    ...{ ...wanted, fetchStatement, until },
    ...{ fetched: 0, configurations: new Map() },
  }
  const leaf = await orUnbelieved(() => fetchConfiguration(climb, entity))
  const found = await goUp(climb, leaf, [leaf.jwt], [entity])
  return found ?? fail({ kind: 'outbound_refused', reason: 'not_believed' })
}

/** Undefined where no superior leads to an anchor. Anchors are tried first: most are right above. */
async function goUp(
  climb: Climb,
  { hints }: EntityStatement,
  below: readonly string[],
  path: readonly string[],
): Promise<readonly string[] | undefined> {
  if (below.length + 2 > LONGEST_CHAIN) return undefined
  const isAnchor = (hint: string) => climb.anchors.some(({ entity }) => entity === hint)
  const superiors = hints.filter((hint) => !path.includes(hint))
  const inOrder = [...superiors.filter(isAnchor), ...superiors.filter((hint) => !isAnchor(hint))]
  for (const hint of inOrder) {
    const found = await tryWay(climb, hint, below, path)
    if (found !== undefined) return found
  }
  return undefined
}

/** A way that does not hold is one of several; only when time or requests run out there is no other. */
async function tryWay(
  climb: Climb,
  hint: string,
  below: readonly string[],
  path: readonly string[],
): Promise<readonly string[] | undefined> {
  try {
    const superior = await fetchConfiguration(climb, hint)
    const subject = path.at(-1) ?? ''
    const statement = await fetchAbout(climb, superior, subject)
    const jwts = [...below, statement]
    if (!climb.anchors.some(({ entity }) => entity === hint)) {
      return await goUp(climb, superior, jwts, [...path, hint])
    }
    const whole = [...jwts, superior.jwt]
    resolveChain(whole, climb.anchors, climb.now, climb.marks)
    return whole
  } catch (error) {
    if (error instanceof FederationError) return undefined
    if (!isRefused(error) || isSpent(climb)) throw error
    return undefined
  }
}

/** Once for each entity, however many ways lead through it. */
function fetchConfiguration(climb: Climb, entity: string): Promise<EntityStatement> {
  const known = climb.configurations.get(entity)
  if (known !== undefined) return known
  const asked = fetchText(climb, configurationUrl(entity)).then((jwt) => {
    const statement = readStatement(jwt, climb.now)
    const isOwn = statement.issuer === entity && statement.subject === entity
    if (!isOwn) throw new FederationError('of somebody else')
    verifyStatement(jwt, statement.keys)
    return statement
  })
  climb.configurations.set(entity, asked)
  return asked
}

async function fetchAbout(
  climb: Climb,
  superior: EntityStatement,
  subject: string,
): Promise<string> {
  const metadata = objectIn(objectIn(superior.claims, 'metadata'), 'federation_entity')
  const endpoint = metadata.federation_fetch_endpoint
  const url = typeof endpoint === 'string' ? URL.parse(endpoint) : null
  if (url === null) throw new FederationError('nowhere to ask')
  url.searchParams.set('sub', subject)
  const jwt = await fetchText(climb, url.href)
  const statement = readStatement(jwt, climb.now)
  if (statement.issuer !== superior.subject || statement.subject !== subject) {
    throw new FederationError('about somebody else')
  }
  return jwt
}

async function fetchText(climb: Climb, url: string): Promise<string> {
  climb.fetched += 1
  if (isSpent(climb)) return fail({ kind: 'outbound_refused', reason: 'timeout' })
  const timeoutMs = Math.ceil(Math.min(TIMEOUT_MS, climb.until - performance.now()))
  const limits = { maxBytes: LARGEST_STATEMENT, timeoutMs, contentTypes: TYPES }
  return (await climb.fetchStatement(url, limits)).trim()
}

function isSpent({ fetched, until }: Climb): boolean {
  return fetched > MOST_FETCHES || performance.now() >= until
}

function isRefused(error: unknown): boolean {
  return error instanceof BridgeError && error.failure.kind === 'outbound_refused'
}

async function orUnbelieved<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    if (!(error instanceof FederationError)) throw error
    return fail({ kind: 'outbound_refused', reason: 'not_believed' }, error)
  }
}
