/** Trusted lists from their rows. */
import { fromInstant, type IsoInstant } from '../domain/time.ts'
import type { FetchedList, ListedService, ListPointer } from './listed-service.ts'

/** A trusted list as its row has it: nothing but an address and a problem until it was believed once. */
export interface StoredList {
  url: string
  signers: string | null
  next_update: IsoInstant | null
  services: string | null
  pointers: string | null
}

/** Returns those that were believed, ready to find anchors in. */
export function readStoredLists(rows: readonly StoredList[]): readonly FetchedList[] {
  return rows.flatMap(({ url, signers, next_update: nextUpdate, services, pointers }) =>
    signers === null || nextUpdate === null || services === null
      ? []
      : [
          {
            ...{ url, signers, nextUpdate: fromInstant(nextUpdate) },
            services: JSON.parse(services) as readonly ListedService[],
            pointers: JSON.parse(pointers ?? '[]') as readonly ListPointer[],
          },
        ],
  )
}
