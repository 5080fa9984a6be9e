/** The service as it is, in a process of its own whose CPU can be told from everybody else's. */
import { readConfig } from '../src/config.ts'
import { parseKeyring } from '../src/crypto/keyring.ts'
import { createLog } from '../src/log.ts'
import { type Service, startService } from '../src/service.ts'
import { answerParent, readUsage } from './child.ts'

export interface ServiceQuestion {
  databaseUrl: string
  keyringText: string
  /** Variables as in `.env`. */
  environment: Record<string, string>
}

let service: Service | undefined

answerParent(
  {
    start: async ({ databaseUrl, keyringText, environment }: ServiceQuestion) => {
      const { config } = readConfig(environment)
      service = await startService(config, {
        ...{ databaseUrl, keyring: parseKeyring(keyringText), clock: Date.now },
        log: createLog(config.logLevel),
      })
      return service.address
    },
    usage: () => readUsage(service?.deps.db.counters.roundTrips ?? 0),
  },
  async () => service?.stop(),
)
