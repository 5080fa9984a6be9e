/** The wallets of a person: which there are, and taking one away. */
import type { IdentityId, MatchId } from '../../domain/ids.ts'
import { listDevices } from '../../flow/list-devices.ts'
import { revokeDevice } from '../../flow/revoke-device.ts'
import { PageQuery, pageOf } from '../admin/page.ts'
import type { Route } from '../route.ts'
import { type DataDeps, dataRoute, tellValue, tellWritten } from './data-route.ts'

const ALL = '/identities/:identity/devices'
const scope = 'devices:manage'
const DEVICE = {
  id: '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69',
  linked_at: '2026-02-02T02:40:00.000Z',
  last_used_at: '2026-02-03T08:00:00.000Z',
  provider: 'surf',
}

export function deviceRoutes(deps: DataDeps): Route[] {
  return [
    dataRoute(deps, {
      ...{ method: 'GET', path: ALL, operationId: 'listDevices', scope, query: PageQuery },
      summary: "List a person's wallets",
      description: 'A device is a wallet that is linked; accounts at institutions are none.',
      answers: { 200: ['DeviceList', { devices: [DEVICE], next_cursor: null }] },
      async run({ prepared, client, query, path }) {
        const id = path('identity') as IdentityId
        const page = pageOf(query)
        const { devices, next } = await listDevices(deps, prepared, client, id, page)
        const told = devices.map((device) => ({
          ...{ id: device.id, linked_at: device.linkedAt, last_used_at: device.lastUsedAt },
          provider: device.provider ?? null,
        }))
        return tellValue({ devices: told, next_cursor: next ?? null })
      },
    }),
    dataRoute(deps, {
      ...{ method: 'DELETE', path: `${ALL}/:device`, operationId: 'revokeDevice', scope },
      summary: 'Revoke a wallet',
      description:
        'From now on nobody logs in with it; what else was proved with that link ends too.',
      answers: { 204: 'nothing' },
      async run({ prepared, client, path, once }) {
        const id = path('identity') as IdentityId
        const device = path('device') as MatchId
        return tellWritten(await revokeDevice(deps, prepared, client, { id, device, once }))
      },
    }),
  ]
}
