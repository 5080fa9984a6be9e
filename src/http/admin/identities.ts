/** People: `/admin/v1/tenants/{tenant}/identities` and `/merges`. */
import type { IdentityId, MatchId, MergeId } from '../../domain/ids.ts'
import { findIdentityBy } from '../../flow/find-identity.ts'
import type { IdentityView } from '../../flow/identity-view.ts'
import { mergeIdentities } from '../../flow/merge-identities.ts'
import type { MergeView } from '../../flow/merge-view.ts'
import { readIdentity } from '../../flow/read-identity.ts'
import { restoreLink } from '../../flow/restore-link.ts'
import { splitIdentities } from '../../flow/split-identities.ts'
import { unlink } from '../../flow/unlink.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { IDENTIFIER, IDENTITY, MERGE } from './examples.ts'
import { toldBy } from './named-identifier.ts'

const tag = 'Administration: people'
const scope = 'identities:manage'
const ONE = '/tenants/:tenant/identities/:identity'
const MATCH = `${ONE}/matches/:match`
const person = { answer: 'Identity', told: IDENTITY, status: 200 } as const
const merge = { answer: 'Merge', told: MERGE, status: 200 } as const

export function identityRoutes(deps: AdminDeps): Route[] {
  return [...personRoutes(deps), ...mergeRoutes(deps)]
}

function personRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: '/tenants/:tenant/identities/find', tag, scope, status: 200 },
      ...{ answer: 'FoundIdentity', told: { ...IDENTITY, strength: 'identifies' } },
      operationId: 'findIdentity',
      summary: 'Find a person by an identifier',
      description:
        'By an identifier of any kind: an account at a provider, the key of a wallet, or whatever else the material policy reads. Ended links count where no live one has it. One that only suggests somebody may be another person’s by now. Every search is in the audit trail.',
      ...{ body: 'NamedIdentifier', sent: IDENTIFIER },
      refusals: {
        404: 'No such tenant, or nobody has the identifier.',
        409: 'The identifier leads to two people.',
      },
      async run({ actor, body, path }) {
        const found = await findIdentityBy(deps, actor, path('tenant'), toldBy(body))
        return { value: { ...tellIdentity(found), strength: found.strength } }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: ONE, operationId: 'readIdentity', tag, scope, ...person },
      summary: 'Read a person',
      description: 'What links there are and were, and when they were used. Never an identifier.',
      refusals: { 404: 'No such tenant or person, or not one of this token.' },
      run: async ({ actor, path }) => ({
        value: tellIdentity(
          await readIdentity(deps, actor, path('tenant'), idOf(path('identity'))),
        ),
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: `${MATCH}/unlink`, operationId: 'unlink', tag, scope, ...person },
      summary: 'End a link',
      description:
        'Ends what a person is known by, with every binding that rests on it, at once. Of a wallet everything ends that was proved together with it; of an account, all wallets that were linked to it. Repeating it changes nothing. It can be restored until the retention job removes it.',
      ...{ body: 'UnlinkRequest', sent: { reason: 'USER_UNLINK' } },
      refusals: {
        404: 'No such tenant, person or match, or not one of this token.',
        409: 'The person is not active.',
      },
      async run({ actor, body, path }) {
        const request = { ...placeOf(path), reason: body.reason }
        return { value: tellIdentity(await unlink(deps, actor, path('tenant'), request)) }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: `${MATCH}/restore`, tag, scope, ...person },
      operationId: 'restoreLink',
      summary: 'Restore a link',
      description: 'Brings back what ended together with this match.',
      ...{ body: 'Nothing', sent: {} },
      refusals: {
        404: 'No such tenant, person or match, or not one of this token.',
        409: 'Somebody is known by it now, the version of its key is gone, or the person is not active.',
      },
      run: async ({ actor, path }) => ({
        value: tellIdentity(await restoreLink(deps, actor, path('tenant'), placeOf(path))),
      }),
    }),
  ]
}

function mergeRoutes(deps: AdminDeps): Route[] {
  const MERGES = '/tenants/:tenant/merges'
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: MERGES, operationId: 'mergeIdentities', tag, scope, ...merge },
      summary: 'Merge two persons found to be one',
      description:
        'All links of the one become links of the other. Relying parties keep the subject they knew first. Tokens of both end. Can be taken back for 30 days. Repeating it answers with the merge that holds.',
      body: 'NewMerge',
      sent: { merged: MERGE.merged, surviving: MERGE.surviving },
      refusals: {
        404: 'No such tenant or person, or not one of this token.',
        409: 'One of the two is not active: erased, restricted, or merged already.',
      },
      async run({ actor, body, path }) {
        const request = { mergedId: idOf(body.merged), survivingId: idOf(body.surviving) }
        return { value: tellMerge(await mergeIdentities(deps, actor, path('tenant'), request)) }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: `${MERGES}/:merge/split`, tag, scope, ...merge },
      operationId: 'splitIdentities',
      summary: 'Take a merge back',
      description:
        'Each of the two has again what was theirs, subjects included. What came meanwhile stays with the survivor. Tokens of both end. Repeating it changes nothing.',
      ...{ body: 'Nothing', sent: {} },
      refusals: {
        404: 'No such tenant or merge, or not one of this token.',
        409: 'Its 30 days are over, or the survivor is not active; a later merge is split first.',
      },
      async run({ actor, path }) {
        const id = path('merge') as MergeId
        return { value: tellMerge(await splitIdentities(deps, actor, path('tenant'), id)) }
      },
    }),
  ]
}

function idOf(text: string): IdentityId {
  return text as IdentityId
}

function placeOf(path: (name: string) => string) {
  return { identityId: idOf(path('identity')), matchId: path('match') as MatchId }
}

/** The person as the administration answers. */
export function tellIdentity(view: IdentityView) {
  const end = (one: { endedAt: string | undefined; reason: string | undefined }) => ({
    ended_at: one.endedAt ?? null,
    reason: one.reason ?? null,
  })
  return {
    id: view.id,
    status: view.status,
    merged_into: view.mergedInto ?? null,
    created_at: view.createdAt,
    matches: view.matches.map((match) => ({
      ...{ id: match.id, type: match.type, side: match.side, created_at: match.createdAt },
      ...{ last_used_at: match.lastUsedAt, ...end(match) },
    })),
    bindings: view.bindings.map((binding) => ({
      ...{ id: binding.id, match: binding.matchId, provider: binding.provider ?? null },
      ...{ created_at: binding.createdAt, last_used_at: binding.lastUsedAt },
      ...{ proved_at: binding.provedAt ?? null, ...end(binding) },
    })),
    merges: view.merges.map(tellMerge),
  }
}

function tellMerge(view: MergeView) {
  return {
    id: view.id,
    merged: view.mergedId,
    surviving: view.survivingId,
    merged_by: view.mergedBy,
    merged_at: view.mergedAt,
    split_until: view.splitUntil,
    split_by: view.splitBy ?? null,
    split_at: view.splitAt ?? null,
  }
}
