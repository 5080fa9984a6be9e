/**
 * A wallet by somebody else as a program of its own, with packages of its own: one JSON object a line in, one a line out.
 * Both ends of the pipe are here; the wallets are in `credo/` and `sphereon/`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A credential as its issuer hands it over: a compact SD-JWT VC, or the IssuerSigned of an mdoc in base64url. */
export interface Held {
  format: 'dc+sd-jwt' | 'mso_mdoc'
  credential: string
}

export interface HolderJwk {
  kty: string
  crv: string
  x: string
  y: string
}

/** What the verifier said to the answer. */
export interface Reply {
  status: number
  redirectUri: string | undefined
  body: unknown
}

/** What a wallet is made to do. Any of it may throw, with the wallet's own words. */
export interface ForeignWallet {
  /** The key its credentials are to be bound to. */
  holderKey(): Promise<HolderJwk>
  add(held: Held): Promise<void>
  /** Fetches the request behind a link, judges it, selects, presents and posts. */
  present(link: string): Promise<Reply>
}

type Call = { do: 'holderKey' } | { do: 'add'; held: Held } | { do: 'present'; link: string }
type Said = { value?: unknown } | { error: string }

/** Serves a wallet on standard input and output, until the input ends. */
export async function serveWallet(wallet: ForeignWallet): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const said = await perform(wallet, JSON.parse(line) as Call).then(
      (value): Said => ({ value }),
      (error: unknown): Said => ({ error: wordsOf(error) }),
    )
    process.stdout.write(`${JSON.stringify(said)}\n`)
  }
}

function perform(wallet: ForeignWallet, call: Call): Promise<unknown> {
  switch (call.do) {
    case 'holderKey':
      return wallet.holderKey()
    case 'add':
      return wallet.add(call.held)
    case 'present':
      return wallet.present(call.link)
  }
}

/** An error with what caused it: libraries wrap. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${wordsOf(error.cause)}`
}

export interface WalletProgram extends ForeignWallet {
  stop(): Promise<void>
}

/** Starts a wallet's program. Calls are made one after the other. */
export function startWallet(program: string): WalletProgram {
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let last: Promise<unknown> = Promise.resolve()
  const ask = async (call: Call): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(call)}\n`)
    const { value, done } = await lines.next()
    if (done === true) throw new Error('the wallet ended')
    const said = JSON.parse(value) as Said
    if ('error' in said) throw new Error(said.error)
    return said.value
  }
  const call = (one: Call) => {
    const answer = last.then(() => ask(one))
    last = answer.catch(() => undefined)
    return answer
  }
  return {
    holderKey: () => call({ do: 'holderKey' }) as Promise<HolderJwk>,
    add: (held) => call({ do: 'add', held }) as Promise<void>,
    present: (link) => call({ do: 'present', link }) as Promise<Reply>,
    stop: async () => {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}
