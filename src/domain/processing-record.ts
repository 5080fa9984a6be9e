/**
 * The record of processing activities (Art. 30(1) GDPR), as far as the configuration knows it. What only the controller can
 * say stands there as a question, so that nobody takes its absence for an answer.
 */
import type { IsoInstant } from './time.ts'

export interface ProcessingRecord {
  tenant: string
  controller: string
  privacyNotice: string | undefined
  generatedAt: IsoInstant
  /** Versions of the policy documents it was written from. */
  policies: Readonly<Record<string, number>>
  purposes: readonly { recipient: string; purpose: string | undefined }[]
  dataSubjects: string
  /** How people are recognised: kinds of identifiers, kept as keyed hashes. */
  identifiers: readonly string[]
  attributes: readonly {
    name: string
    from: string
    kept: boolean
    passedOnWith: string | undefined
  }[]
  sources: readonly { name: string; kind: 'institution' | 'credential' }[]
  recipients: readonly {
    name: string
    kind: 'relying party' | 'machine client' | 'event receiver'
    sees: string
  }[]
  retention: readonly { what: string; period: string; ground: string }[]
  security: readonly string[]
  /** What has to be said by whoever is responsible. */
  toBeSaid: readonly string[]
}

/** Art. 32, in the words of ARCHITECTURE 5 to 7. */
export const SECURITY_MEASURES = [
  'Identifiers are kept as keyed hashes only (HMAC-SHA-256, a key for each tenant and purpose); the keys are not in the database.',
  'Attributes and account identifiers are sealed with AES-256-GCM under a key of the person, which is itself sealed and destroyed with an erasure.',
  'The audit trail is chained, signed, append-only, and knows people by pseudonyms that end with an erasure.',
  'Row-level security in the database keeps tenants apart; the run-time login owns nothing.',
  'Relying parties know people by a random subject each, so they cannot compare notes.',
] as const

/** Art. 30(1)(a), (e) and what no configuration holds. */
export const TO_BE_SAID = [
  'Name and contact of the controller, of joint controllers, and of the data protection officer.',
  'The legal ground of each purpose (Art. 6), and of special categories where an attribute is one (Art. 9).',
  'Transfers to third countries: where this service and its recipients run.',
  'Where backups are kept, and for how long.',
] as const

/** The same as Markdown, for people and for a file under version control. */
export function recordAsMarkdown(record: ProcessingRecord): string {
  const list = (lines: readonly string[]) =>
    lines.length === 0 ? '- none' : lines.map((line) => `- ${plain(line)}`).join('\n')
  const table = (heading: readonly string[], rows: readonly (readonly string[])[]) =>
    [heading, heading.map(() => '---'), ...rows]
      .map((cells) => `| ${cells.map(plain).join(' | ')} |`)
      .join('\n')
  const versions = Object.entries(record.policies).map(([kind, version]) => `${kind} ${version}`)
  return `${[
    `# Record of processing: ${plain(record.controller)}`,
    `Written from the configuration of tenant \`${record.tenant}\` at ${record.generatedAt} (policies: ${versions.join(', ') || 'none yet'}). Privacy notice: ${plain(record.privacyNotice ?? 'none is set')}.`,
    '## Purposes',
    table(
      ['for', 'purpose'],
      record.purposes.map((one) => [one.recipient, one.purpose ?? 'not said']),
    ),
    '## Whose data',
    plain(record.dataSubjects),
    '## Which data',
    list(record.identifiers.map((name) => `identifier, as a keyed hash: ${name}`)),
    table(
      ['attribute', 'from', 'kept', 'passed on with'],
      record.attributes.map((one) => [
        ...[one.name, one.from, one.kept ? 'yes, sealed' : 'no'],
        one.passedOnWith ?? 'never',
      ]),
    ),
    '## Where it comes from',
    list(record.sources.map((one) => `${one.kind}: ${one.name}`)),
    '## Who receives it',
    table(
      ['who', 'as', 'sees'],
      record.recipients.map((one) => [one.name, one.kind, one.sees]),
    ),
    '## How long',
    table(
      ['what', 'how long', 'why'],
      record.retention.map((one) => [one.what, one.period, one.ground]),
    ),
    '## Security',
    list(record.security),
    '## To be said by the controller',
    list(record.toBeSaid),
  ].join('\n\n')}\n`
}

/** Names come from administrators: none of them may end a cell or begin markup. */
function plain(text: string): string {
  return text.replaceAll(/[\\|<>`*_[\]]/g, (character) => `\\${character}`).replaceAll(/\s+/g, ' ')
}
