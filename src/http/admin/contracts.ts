/** Token contracts: `/admin/v1/tenants/{tenant}/relying-parties/{client_id}/contract`. */
import { ACR } from '../../domain/assurance.ts'
import type { ClientId } from '../../domain/ids.ts'
import { changeContract } from '../../flow/change-contract.ts'
import { readOneRelyingParty } from '../../flow/read-relying-parties.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { TOKEN_CONTRACT } from './examples.ts'

const tag = 'Administration: relying parties'
const scope = 'clients:manage'
const PATH = '/tenants/:tenant/relying-parties/:client_id/contract'
const NOT_FOUND = { 404: 'No such tenant or relying party, or not one of this token.' }

export function contractRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'GET', path: PATH, operationId: 'readTokenContract', tag, scope },
      summary: "See what a relying party's tokens have to hold",
      ...{ answer: 'TokenContract', told: TOKEN_CONTRACT, status: 200, refusals: NOT_FOUND },
      async run({ actor, path }) {
        const clientId = path('client_id') as ClientId
        const { parity } = await readOneRelyingParty(deps, actor, path('tenant'), clientId)
        const contract = parity.state === 'enforced' ? parity.contract : undefined
        return {
          value: {
            state: parity.state,
            recorded_at: parity.state === 'enforced' ? parity.recordedAt : null,
            claims: contract?.claims ?? [],
            acr: [...(contract?.acr ?? (parity.state === 'recording' ? parity.acr : []))],
          },
        }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: PATH, operationId: 'recordTokenContract', tag, scope },
      summary: 'Record what its tokens hold, anew',
      description:
        'The next login makes the contract: names and types of its claims with the scopes that released them, and its `acr`. From then on a login whose tokens would lack one of them, or hold another type or `acr`, is refused, audited (`token_contract_broken`) and counted (`bridge_flow_outcomes_total{flow="token_parity"}`). More than the contract is no break.',
      ...{ body: 'TokenContractRecording', sent: { acr: [ACR.sameDevice, ACR.crossDevice] } },
      ...{ status: 204, refusals: NOT_FOUND },
      async run({ actor, body, path }) {
        const clientId = path('client_id') as ClientId
        const { acr } = body
        await changeContract(deps, actor, path('tenant'), clientId, { record: { acr } })
        return undefined
      },
    }),
    adminRoute(deps, {
      ...{ method: 'DELETE', path: PATH, operationId: 'dropTokenContract', tag, scope },
      summary: 'Compare its tokens with nothing any more',
      status: 204,
      refusals: { 404: 'No such tenant, relying party or contract, or not one of this token.' },
      async run({ actor, path }) {
        const clientId = path('client_id') as ClientId
        await changeContract(deps, actor, path('tenant'), clientId, 'drop')
        return undefined
      },
    }),
  ]
}
