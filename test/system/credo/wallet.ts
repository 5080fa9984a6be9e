/**
 * Credo as a wallet: `@credo-ts/core` holds, selects and presents, `@credo-ts/openid4vc` speaks the protocol. It does so with
 * `@openid4vc/openid4vp`, the same code as the demo's wallet; selection, key binding, mdocs and key management are Credo's own
 * (on `@sd-jwt/*` and `@animo-id/mdoc`). Storage and keys are in memory, so no native package is needed.
 */
import 'reflect-metadata'
import { EventEmitter } from 'node:events'
import {
  Agent,
  type AgentDependencies,
  type DependencyManager,
  InjectionSymbols,
  Kms,
  MdocRecord,
  SdJwtVcRecord,
  X509Module,
} from '@credo-ts/core'
import { OpenId4VcModule } from '@credo-ts/openid4vc'
import { type Held, serveWallet } from '../wallet-program.ts'
import { createKeys } from './keys.ts'
import { createStorage } from './storage.ts'

/** Credo makes one, and none of its files are touched here. */
class NoFiles {
  readonly dataPath = '.'
  readonly cachePath = '.'
  readonly tempPath = '.'
}

const dependencies = {
  ...{ FileSystem: NoFiles, EventEmitterClass: EventEmitter, fetch, WebSocketClass: WebSocket },
} as unknown as AgentDependencies

const storage = createStorage()
const agent = new Agent({
  config: { allowInsecureHttpUrls: true },
  dependencies,
  modules: {
    storage: {
      register: (manager: DependencyManager) =>
        manager.registerInstance(InjectionSymbols.StorageService, storage),
    },
    kms: new Kms.KeyManagementModule({ backends: [createKeys()] }),
    // It answers whoever signs a sound request: whom a wallet trusts is not what is tried here.
    x509: new X509Module({
      getTrustedCertificatesForVerification: (_, { certificateChain }) =>
        certificateChain.map((one) => one.toString('base64')),
    }),
    openid4vc: new OpenId4VcModule({}),
  },
})
await agent.initialize()
const { keyId, publicJwk } = await agent.kms.createKey({ type: { kty: 'EC', crv: 'P-256' } })

async function add({ format, credential }: Held): Promise<void> {
  if (format === 'dc+sd-jwt') {
    const instance = { compactSdJwtVc: credential, kmsKeyId: keyId }
    await agent.sdJwtVc.store({ record: new SdJwtVcRecord({ credentialInstances: [instance] }) })
  } else {
    const instance = { issuerSignedBase64Url: credential, kmsKeyId: keyId }
    await agent.mdoc.store({ record: new MdocRecord({ credentialInstances: [instance] }) })
  }
}

async function present(link: string) {
  const { holder } = agent.openid4vc
  const { authorizationRequestPayload, dcql } =
    await holder.resolveOpenId4VpAuthorizationRequest(link)
  if (dcql === undefined) throw new Error('no DCQL query')
  const credentials = holder.selectCredentialsForDcqlRequest(dcql.queryResult)
  const { serverResponse } = await holder.acceptOpenId4VpAuthorizationRequest({
    authorizationRequestPayload,
    dcql: { credentials },
  })
  if (serverResponse === undefined) throw new Error('nothing was posted')
  const { status, body } = serverResponse
  const said = typeof body === 'object' ? (body as { redirect_uri?: string }) : {}
  return { status, redirectUri: said.redirect_uri, body }
}

const { crv, x, y } = publicJwk
await serveWallet({ holderKey: async () => ({ kty: 'EC', crv, x, y }), add, present })
