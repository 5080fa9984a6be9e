/** `policy validate`, `plan`, `apply`, `diff`, `explain`, `restore` and `drafts`: a folder of documents, and what the service works with. */
import { Command, InvalidArgumentError } from 'commander'
import { readConfig } from '../config.ts'
import { completeSet, POLICY_KINDS, type PolicyKind } from '../domain/policy.ts'
import { diffDocuments } from '../domain/policy-diff.ts'
import { compareOutcomes, explainLogin } from '../domain/policy-explain.ts'
import { type Finding, isAcceptable } from '../domain/policy-finding.ts'
import { applyPolicies } from '../flow/apply-policies.ts'
import { comparePolicies } from '../flow/compare-policies.ts'
import { explainPolicies } from '../flow/explain-policies.ts'
import { planPolicies } from '../flow/plan-policies.ts'
import { judgePolicies } from '../flow/policy-draft.ts'
import { readPolicyDrafts } from '../flow/read-policy-drafts.ts'
import { restorePolicy } from '../flow/restore-policy.ts'
import { validatePolicies } from '../flow/validate-policies.ts'
import type { BridgeDatabase } from '../store/database.ts'
import { SetupRefused } from '../store/setup-refused.ts'
import { withDatabase } from './database.ts'
import { readPolicyFolder, readRecordedLogins } from './policy-folder.ts'
import { changeLines, explanationLines, findingLines, outcomeLines } from './policy-text.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

const FOLDER = `a folder with ${POLICY_KINDS.map((kind) => `${kind}.json`).join(', ')}, or some of them`
const TENANT = 'slug of the tenant whose published documents stand beside them'
const LOGINS = 'a JSON file of recorded logins to try'

export function policyCommand(terminal: Terminal): Command {
  const policy = new Command('policy').description(
    'Policy documents: judge them, see what they would change, publish them',
  )
  policy
    .command('validate')
    .description('judge documents, alone and together')
    .argument('<folder>', FOLDER)
    .option('--tenant <slug>', TENANT)
    .action((folder: string, { tenant }: { tenant?: string }) => validate(terminal, folder, tenant))
  policy
    .command('plan')
    .description('show what applying would change, and what recorded logins would come to')
    .argument('<folder>', FOLDER)
    .requiredOption('--tenant <slug>', TENANT)
    .option('--logins <file>', LOGINS)
    .action((folder: string, options: { tenant: string; logins?: string }) =>
      plan(terminal, folder, options),
    )
  policy
    .command('apply')
    .description('publish every document that differs, all of them or none')
    .argument('<folder>', FOLDER)
    .requiredOption('--tenant <slug>', TENANT)
    .action((folder: string, { tenant }: { tenant: string }) => apply(terminal, folder, tenant))
  policy
    .command('diff')
    .description('compare two folders, or two versions of a published document')
    .argument('<from>', 'a folder, or a number with --kind')
    .argument('<to>', 'a folder, or a number with --kind')
    .option('--tenant <slug>', 'whose versions')
    .option('--kind <kind>', 'of which document', readKind)
    .option('--logins <file>', LOGINS)
    .action((from: string, to: string, options: DiffOptions) => diff(terminal, from, to, options))
  policy
    .command('explain')
    .description('say of recorded logins, rule by rule, what would happen and why')
    .argument('<folder>', FOLDER)
    .requiredOption('--logins <file>', LOGINS)
    .option('--tenant <slug>', TENANT)
    .action((folder: string, options: { tenant?: string; logins: string }) =>
      explain(terminal, folder, options),
    )
  policy
    .command('restore')
    .description('publish an older version once more, as the next one')
    .argument('<kind>', 'of which document', readKind)
    .argument('<version>', 'its number')
    .requiredOption('--tenant <slug>', 'whose')
    .action((kind: PolicyKind, version: string, { tenant }: { tenant: string }) =>
      restore(terminal, tenant, kind, version),
    )
  policy
    .command('drafts')
    .description('list the drafts that were saved over the admin API')
    .requiredOption('--tenant <slug>', 'whose')
    .action(({ tenant }: { tenant: string }) => listDrafts(terminal, tenant))
  return policy
}

async function validate(
  terminal: Terminal,
  folder: string,
  tenant: string | undefined,
): Promise<void> {
  const documents = readPolicyFolder(folder)
  const { findings } =
    tenant === undefined
      ? judgePolicies(documents, {})
      : await onDatabase(terminal, (db) => validatePolicies({ db }, OPERATOR, tenant, documents))
  for (const line of findingLines(findings)) terminal.out(line)
  refuseErrors(findings)
  terminal.err(findings.length === 0 ? 'Nothing to say.' : 'They may be published.')
}

async function plan(
  terminal: Terminal,
  folder: string,
  options: { tenant: string; logins?: string },
): Promise<void> {
  const documents = readPolicyFolder(folder)
  const logins = options.logins === undefined ? [] : readRecordedLogins(options.logins)
  const { findings, changes, outcomes } = await onDatabase(terminal, (db) =>
    planPolicies({ db }, OPERATOR, options.tenant, documents, logins),
  )
  for (const { kind, version, members } of changes) {
    terminal.out(`${kind} becomes version ${version}:`)
    for (const line of changeLines(kind, members)) terminal.out(`  ${line}`)
  }
  for (const line of [...findingLines(findings), ...outcomeLines(outcomes)]) terminal.out(line)
  refuseErrors(findings)
  terminal.err(
    changes.length === 0 ? 'Applying would change nothing.' : 'Nothing was changed; apply does it.',
  )
}

async function apply(terminal: Terminal, folder: string, tenant: string): Promise<void> {
  const documents = readPolicyFolder(folder)
  // Nothing is prepared in this process; a running service sees the tenant's new revision by itself.
  const tenants = { forget: () => undefined }
  const published = await onDatabase(terminal, async (db) => {
    const { findings } = await validatePolicies({ db }, OPERATOR, tenant, documents)
    for (const line of findingLines(findings)) terminal.err(line)
    refuseErrors(findings)
    return await applyPolicies({ db, clock: Date.now, tenants }, OPERATOR, tenant, documents)
  })
  for (const { kind, version } of published) terminal.out(`${kind} ${version}`)
  terminal.err(published.length === 0 ? 'Everything is as it should be already.' : 'Published.')
}

async function restore(
  terminal: Terminal,
  tenant: string,
  kind: PolicyKind,
  text: string,
): Promise<void> {
  const version = readVersion(text, 'Give the number of a version.')
  const tenants = { forget: () => undefined }
  const published = await onDatabase(terminal, (db) =>
    restorePolicy({ db, clock: Date.now, tenants }, OPERATOR, tenant, kind, version),
  )
  terminal.out(`${published.kind} ${published.version}`)
  terminal.err(`Version ${version} is published again.`)
}

async function listDrafts(terminal: Terminal, tenant: string): Promise<void> {
  const drafts = await onDatabase(terminal, (db) => readPolicyDrafts({ db }, OPERATOR, tenant))
  if (drafts.length === 0) return terminal.err('There are none.')
  const rows = drafts.map(({ kind, state, basedOn, savedAt, savedBy, digest }) => [
    ...[kind, state, String(basedOn), savedAt, savedBy, digest],
  ])
  terminal.out(tableOf(['kind', 'state', 'from version', 'saved', 'by', 'digest'], rows))
}

interface DiffOptions {
  tenant?: string
  kind?: PolicyKind
  logins?: string
}

async function diff(
  terminal: Terminal,
  from: string,
  to: string,
  { tenant, kind, logins: file }: DiffOptions,
): Promise<void> {
  const logins = file === undefined ? [] : readRecordedLogins(file)
  if (kind !== undefined) {
    const sentence = 'With --kind, give the numbers of two versions.'
    const versions = { from: readVersion(from, sentence), to: readVersion(to, sentence) }
    if (tenant === undefined) throw new SetupRefused('Versions are of a tenant: give --tenant too.')
    const { members, outcomes } = await onDatabase(terminal, (db) =>
      comparePolicies({ db }, OPERATOR, tenant, kind, versions, logins),
    )
    for (const line of [...changeLines(kind, members), ...outcomeLines(outcomes)])
      terminal.out(line)
    return
  }
  const [before, after] = [from, to].map((folder) => judgePolicies(readPolicyFolder(folder), {}))
  if (before === undefined || after === undefined) throw new SetupRefused('Two folders are needed.')
  for (const each of POLICY_KINDS) {
    const members = diffDocuments(before.together[each], after.together[each])
    for (const line of changeLines(each, members)) terminal.out(line)
  }
  const outcomes = compareOutcomes(before.together, after.together, tenant ?? '', logins)
  for (const line of outcomeLines(outcomes)) terminal.out(line)
  refuseErrors([...before.findings, ...after.findings].filter(({ code }) => code === 'shape'))
}

async function explain(
  terminal: Terminal,
  folder: string,
  { tenant, logins: file }: { tenant?: string; logins: string },
): Promise<void> {
  const documents = readPolicyFolder(folder)
  const logins = readRecordedLogins(file)
  const { findings, explanations } =
    tenant === undefined
      ? explainAlone(documents, logins)
      : await onDatabase(terminal, (db) =>
          explainPolicies({ db }, OPERATOR, tenant, documents, logins),
        )
  for (const line of findingLines(findings)) terminal.err(line)
  for (const each of explanations) for (const line of explanationLines(each)) terminal.out(line)
  if (explanations.length === 0) {
    throw new SetupRefused('Nothing can be explained: a document is missing or cannot be read.')
  }
}

function explainAlone(
  documents: ReturnType<typeof readPolicyFolder>,
  logins: ReturnType<typeof readRecordedLogins>,
) {
  const { findings, together } = judgePolicies(documents, {})
  const whole = completeSet(together)
  const explanations =
    whole === undefined ? [] : logins.map((login) => explainLogin(whole, '', login))
  return { findings, explanations }
}

/** Throws SetupRefused when one of the findings stands against publishing. */
function refuseErrors(findings: readonly Finding[]): void {
  if (!isAcceptable(findings)) throw new SetupRefused('They cannot be published.')
}

async function onDatabase<Result>(
  terminal: Terminal,
  work: (db: BridgeDatabase) => Promise<Result>,
): Promise<Result> {
  const { config, secrets } = readConfig(terminal.environment)
  return await withDatabase(config, secrets, work)
}

function readKind(text: string): PolicyKind {
  const kind = POLICY_KINDS.find((each) => each === text)
  if (kind !== undefined) return kind
  throw new InvalidArgumentError(`One of ${POLICY_KINDS.join(', ')}.`)
}

function readVersion(text: string, sentence: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text)
  throw new SetupRefused(sentence)
}
