/** Where the demo's OpenID provider keeps its things while it runs: maps, one for all kinds. */
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider'

/** Clients come from the given map, which may change while the provider runs. */
export function memoryStore(clients: ReadonlyMap<string, Record<string, unknown>>): AdapterFactory {
  const kept = new Map<string, AdapterPayload>()

  return (kind) => {
    const keyOf = (id: string) => `${kind} ${id}`
    const findBy = (member: 'uid' | 'userCode', value: string) =>
      [...kept].find(
        ([key, payload]) => key.startsWith(`${kind} `) && payload[member] === value,
      )?.[1]
    const store: Adapter = {
      async upsert(id, payload) {
        kept.set(keyOf(id), payload)
      },
      async find(id) {
        return kind === 'Client' ? (clients.get(id) as AdapterPayload) : kept.get(keyOf(id))
      },
      findByUid: async (uid) => findBy('uid', uid),
      findByUserCode: async (userCode) => findBy('userCode', userCode),
      async consume(id) {
        const payload = kept.get(keyOf(id))
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
      },
      async destroy(id) {
        kept.delete(keyOf(id))
      },
      async revokeByGrantId(grantId) {
        for (const [key, payload] of kept) if (payload.grantId === grantId) kept.delete(key)
      },
    }
    return store
  }
}
