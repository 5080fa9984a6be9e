/** A wallet with a mobile driving licence, made and presented by the independent library `@animo-id/mdoc`. */
import { createHash } from 'node:crypto'
import { DateOnly } from '@animo-id/mdoc'
import { createWallet, type Wallet } from '../../demo/wallet.ts'
import type { Request } from '../../demo/wallet-answer.ts'
import { MDL, MDL_NAMESPACE } from '../wallet/mdoc-world.ts'
import { issueMdoc, type LibraryIssuer, presentMdocByLibrary } from './mdoc-library.ts'

export interface Shown {
  request?: Request
  /** Spoils the request that the device signs for. */
  spoil?: (request: Request) => Request
  /** The device makes a MAC where it is told that it may (section B.2.2). */
  mac?: boolean
}

/** The question that a licence answers, and rules that release what it says. */
export const MDL_DOCUMENTS = {
  query: {
    credentials: [
      {
        ...{ id: 'mdl', format: 'mso_mdoc', meta: { doctype_value: MDL } },
        claims: [
          { path: [MDL_NAMESPACE, 'given_name'] },
          { path: [MDL_NAMESPACE, 'birth_date'] },
          { path: [MDL_NAMESPACE, 'age_over_18'] },
        ],
      },
    ],
  },
  attributes: {
    rules: [
      rule('given_name', true),
      { ...rule('birth_date', false), project: true },
      { ...rule('age_over_18', true), project: true },
    ],
  },
}

/** Releases an element of the licence. */
export function rule(element: string, persist: boolean) {
  return {
    ...{ name: element, merge: 'WALLET_ONLY', wallet: [MDL_NAMESPACE, element], persist },
    ...{ project: true, scope: 'openid' },
  }
}

export async function mdlWallet(issuer: LibraryIssuer, shown: Shown = {}): Promise<Wallet> {
  const wallet = createWallet()
  await addMdl(issuer, wallet, shown)
  return wallet
}

export async function addMdl(
  issuer: LibraryIssuer,
  wallet: Wallet,
  shown: Shown = {},
): Promise<void> {
  const { holderKey } = wallet
  const values = {
    given_name: 'Ada',
    family_name: 'Lovelace',
    birth_date: new DateOnly('1995-12-10'),
    age_over_18: true,
  }
  const nameSpaces = { [MDL_NAMESPACE]: values }
  const mdoc = await issueMdoc(issuer, { docType: MDL, nameSpaces, holderKey, now: Date.now() })
  wallet.addPresenter(async (query, request, origin) => {
    if (query.format !== 'mso_mdoc') return undefined
    shown.request = request
    const asked = shown.spoil?.(request) ?? request
    const paths = (query.claims ?? []).map((claim) => claim.path as unknown as [string, string])
    const [macFor] = shown.mac === true ? keysForMacs(request) : []
    const facts = { ...asked, thumbprint: thumbprintOf(asked), origin, macFor }
    return presentMdocByLibrary(mdoc, holderKey, MDL, paths, facts)
  })
}

/** HMAC 256/256 with a key agreed on P-256. */
const DEVICE_MAC = -65537

function keysForMacs({ client_metadata: metadata }: Request) {
  const told = metadata.vp_formats_supported?.mso_mdoc?.deviceauth_alg_values ?? []
  return told.includes(DEVICE_MAC) ? (metadata.jwks?.keys ?? []) : []
}

function thumbprintOf(request: Request): Uint8Array | null {
  const [key] = request.client_metadata.jwks?.keys ?? []
  if (key === undefined) return null
  const { x, y } = key
  const members = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y })
  return Uint8Array.from(createHash('sha256').update(members).digest())
}
