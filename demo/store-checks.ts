/** What lies in the database afterwards, and what does not. */

import { INSTITUTION_USERS } from './institution.ts'
import type { Ledger } from './ledger.ts'
import type { Narration } from './narration.ts'
import { nameOf, SANNE } from './people.ts'
import { type DemoTenant, RELYING_PARTY_NAME } from './set-up.ts'
import type { World } from './world.ts'

/** Checks the rows that two logins of one person leave. */
export async function judgeStore(
  stage: { world: World; tenant: DemoTenant; ledger: Ledger; tell: Narration },
  subject: string,
): Promise<void> {
  const { world, tenant, ledger, tell } = stage
  const count = (table: string) =>
    ledger.count(`SELECT count(*) FROM ${table} WHERE tenant_id = $1`)
  tell.check(
    'two logins, one person, one link between wallet and account',
    (await count('identity')) === 1 && (await count('identity_link_binding')) === 1,
  )
  const upstream = world.institution.subjectOf(SANNE.username, tenant.institutionClientId)
  const personal = [...personalTexts(), upstream]
  const hits = await tell.step(
    `A search of every column of all ${ledger.tables().length} tables`,
    () => ledger.findText(personal),
  )
  tell.check(
    `name, e-mail, birth date, accounts: ${personal.length} texts, found nowhere`,
    hits.length === 0,
  )
  const control = await ledger.findText([RELYING_PARTY_NAME])
  tell.check(
    'the same search does find what may be read: the relying party',
    control.includes('relying_party'),
  )
  tell.check(
    'nor are they in the log',
    !world.logLines.some((line) => personal.some((text) => line.includes(text))),
  )
  const tables = new Set(await ledger.findText([subject]))
  const isWhereItBelongs =
    tables.size === 2 && tables.has('login_grant') && tables.has('pairwise_subject')
  tell.check(
    "the relying party's subject is not the institution's",
    subject !== upstream && isWhereItBelongs,
  )
  const broken = await ledger.count(
    `SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND row_hash IS DISTINCT FROM
       audit_row_hash(tenant_id, seq, prev_hash, id, event_type, correlation_id, subject_hash, client_id, detail, created_at)`,
  )
  const events = await count('audit_event')
  tell.check(`the audit trail holds ${events} events, each hash right`, events > 0 && broken === 0)
}

/** What would give Sanne away. Her institution's own name is no secret: the tenant lists it. */
function personalTexts(): string[] {
  const { given_name, family_name, email, birthdate } = SANNE.credential
  const account =
    INSTITUTION_USERS.find(({ username }) => username === SANNE.username)?.claims ?? {}
  const identifiers = ['subject_id', 'eduid', 'eckid', 'eduperson_principal_name']
  const texts = [given_name, family_name, nameOf(SANNE), email, birthdate]
  return [
    ...new Set(
      [...texts, ...identifiers.map((name) => account[name])].filter(
        (text) => typeof text === 'string',
      ),
    ),
  ]
}
