/**
 * What a narrator may see of the database: how many rows came, changed and went, states, kinds of audit events, and the
 * first letters of hashes. It reads as the cluster's superuser, past row-level security; the service never does.
 */
import pg from 'pg'

export interface Ledger {
  /** What moved since the last look, as lines to print. */
  moved(): Promise<string[]>
  /** Every state the newest reconciliation session was seen in, in order, without repetition. */
  readonly sessionStates: readonly string[]
  /** Looks at the reconciliation session now, and remembers its state; whether it is another than before. */
  watchSession(): Promise<boolean>
  /** The tables that hold one of the texts, in any column. */
  findText(texts: readonly string[]): Promise<string[]>
  tables(): readonly string[]
  /** The one number that a query answers with; `$1` is the tenant's id. */
  count(sql: string): Promise<number>
  close(): Promise<void>
}

type Seen = Map<string, Set<string>>

/** Opens the ledger of one tenant, by its slug; events before now are not told. */
export async function openLedger(superuserUrl: string, slug: string): Promise<Ledger> {
  const client = new pg.Client({ connectionString: superuserUrl })
  await client.connect()
  const tables = await listTables(client)
  const found = await client.query('SELECT id FROM tenant WHERE slug = $1', [slug])
  const tenant: string = found.rows[0].id
  const sessionStates: string[] = []
  let session: string | undefined
  let seen = await look(client, tables)
  let lastEvent = await lastSequence(client, tenant)
  let lastJourney = ''

  async function watchSession(): Promise<boolean> {
    const { rows } = await client.query(
      'SELECT id, status FROM reconciliation_session WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 1',
      [tenant],
    )
    const newest: { id: string; status: string } | undefined = rows[0]
    if (newest === undefined) return false
    if (newest.id !== session) sessionStates.length = 0
    session = newest.id
    if (newest.status === sessionStates.at(-1)) return false
    sessionStates.push(newest.status)
    return true
  }

  return {
    sessionStates,
    watchSession,
    async moved() {
      const now = await look(client, tables)
      const lines = [compare(seen, now)]
      seen = now
      const journey = await journeyState(client, tenant)
      if (journey !== lastJourney && journey !== '') lines.push(`journey   ${journey}`)
      lastJourney = journey
      if (await watchSession()) lines.push(`session   ${sessionStates.join(' → ')}`)
      const events = await eventsAfter(client, tenant, lastEvent)
      lastEvent = await lastSequence(client, tenant)
      if (events.length > 0) lines.push(`audit     ${events.join(', ')}`)
      return lines
    },
    async findText(texts) {
      const hits: string[] = []
      for (const table of tables) {
        // The row as text holds every column; strpos knows no pattern, so nothing in a text needs escaping.
        const { rows } = await client.query(
          `SELECT 1 FROM ${table} AS t, unnest($1::text[]) AS needle WHERE strpos(t::text, needle) > 0 LIMIT 1`,
          [texts],
        )
        if (rows.length > 0) hits.push(table)
      }
      return hits
    },
    tables: () => tables,
    async count(sql) {
      const { rows } = await client.query({ text: sql, values: [tenant], rowMode: 'array' })
      return Number(rows[0]?.[0])
    },
    close: () => client.end(),
  }
}

/** First letters of each hash that identifies a person, and what made it. */
export async function describeHashes(superuserUrl: string, slug: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: superuserUrl })
  await client.connect()
  try {
    const { rows } = await client.query(
      `SELECT m.identifier_type AS type, m.hash_key AS key, m.hash_key_version AS version,
              left(m.identifier_hash, 14) AS prefix
         FROM identity_match m JOIN tenant t ON t.id = m.tenant_id
        WHERE t.slug = $1 ORDER BY 1`,
      [slug],
    )
    return rows.map(
      ({ type, key, version, prefix }) =>
        `hash      ${type} ${prefix}…  (Key ${key}, version ${version})`,
    )
  } finally {
    await client.end()
  }
}

async function listTables(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  )
  return rows.map(({ name }) => name)
}

/** A fingerprint of every row of every table. The demo's database is small. */
async function look(client: pg.Client, tables: readonly string[]): Promise<Seen> {
  const parts = tables.map(
    (table) => `SELECT '${table}' AS name, md5(t::text) AS mark FROM ${table} AS t`,
  )
  const { rows } = await client.query(parts.join(' UNION ALL '))
  const seen: Seen = new Map(tables.map((table) => [table, new Set()]))
  for (const { name, mark } of rows) seen.get(name)?.add(mark)
  return seen
}

/** A row that changed is one that went and one that came. */
function compare(before: Seen, after: Seen): string {
  const parts = [...after].flatMap(([table, marks]) => {
    const earlier = before.get(table) ?? new Set<string>()
    const came = [...marks].filter((mark) => !earlier.has(mark)).length
    const went = [...earlier].filter((mark) => !marks.has(mark)).length
    const changed = Math.min(came, went)
    const words = [
      ...(came > changed ? [`+${came - changed}`] : []),
      ...(went > changed ? [`−${went - changed}`] : []),
      ...(changed > 0 ? [`${changed} changed`] : []),
    ]
    return words.length === 0 ? [] : [`${table} ${words.join(' ')}`]
  })
  return `rows      ${parts.length === 0 ? 'none' : parts.join(', ')}`
}

async function journeyState(client: pg.Client, tenant: string): Promise<string> {
  const { rows } = await client.query(
    'SELECT state FROM journey WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 1',
    [tenant],
  )
  return rows[0]?.state ?? ''
}

async function lastSequence(client: pg.Client, tenant: string): Promise<string> {
  const { rows } = await client.query(
    'SELECT coalesce(max(seq), 0) AS seq FROM audit_event WHERE tenant_id = $1',
    [tenant],
  )
  return rows[0].seq
}

async function eventsAfter(client: pg.Client, tenant: string, seq: string): Promise<string[]> {
  const { rows } = await client.query(
    'SELECT event_type FROM audit_event WHERE tenant_id = $1 AND seq > $2 ORDER BY seq',
    [tenant, seq],
  )
  return rows.map(({ event_type }) => event_type)
}
