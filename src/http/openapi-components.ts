/** What the whole OpenAPI description shares: the shapes of errors, and how callers prove who they are. */
import type { Json, JsonObject } from '../domain/text.ts'
import { objectSchema, text } from './describe.ts'
import { titleOf } from './errors.ts'

const oauthError = objectSchema({
  error: text('A word of RFC 6749, RFC 6750 or OpenID Connect Core.'),
  error_description: text('A sentence for developers. It never repeats what was sent.'),
})

/** The three shapes of errors that are not pages. */
export const ERROR_SHAPES: { readonly [name: string]: JsonObject } = {
  OAuthError: { ...oauthError, description: 'An error as OAuth has it (RFC 6749 section 5.2).' },
  WalletError: {
    ...oauthError,
    description: 'An error as a wallet hears it (OpenID4VP 1.0 section 8.5).',
  },
  Problem: {
    ...objectSchema({
      type: text('`urn:identity-bridge:problem:` and the code.'),
      title: text('What is wrong: the same sentence wherever the code is the same.'),
      status: { type: 'integer', description: 'The HTTP status.' },
      detail: text('What is wrong here, in one sentence. It names members, never values.'),
      code: text('A word for programs.'),
      'problems?': {
        type: 'array',
        items: { type: 'string' },
        description: 'For a refused document: each path that is wrong, and why.',
      },
      reference: text('Give it to the operator: the log has it as `correlation_id`.'),
    }),
    description: 'Problem details (RFC 9457).',
  },
}

export const SECURITY_SCHEMES: { readonly [name: string]: JsonObject } = {
  adminToken: {
    type: 'http',
    scheme: 'bearer',
    description:
      'A token of the administration (`iba_…`). The first one: `npm run cli -- token create`, or the file `admin-token` in the data folder of an embedded installation.',
  },
  complianceSession: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-bridge-compliance',
    description: 'Of the compliance page: a quarter of an hour, with `csrf` in every form.',
  },
  registrationToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'An initial access token (`ibr_…`), made by an administrator of the tenant.',
  },
  machineToken: {
    type: 'http',
    scheme: 'bearer',
    description:
      "A machine client's access token for the data API, and for the tenant's routes of the administration whose scope machine clients know: from this tenant's token endpoint (`client_credentials`), or from its own authorization server.",
  },
  eventSecret: {
    type: 'http',
    scheme: 'bearer',
    description: 'The secret of a subscription to events.',
  },
  accessToken: { type: 'http', scheme: 'bearer', description: 'The access token of a login.' },
  clientSecretBasic: {
    type: 'http',
    scheme: 'basic',
    description: 'Client id and secret, each form-encoded first.',
  },
  // OpenAPI has no word for credentials in a form body; a query parameter would be the nearest one, and wrong.
  clientSecretPost: {
    ...{ type: 'http', scheme: 'client_secret_post' },
    description: 'Members `client_id` and `client_secret` of the form body.',
  },
  clientAssertion: {
    ...{ type: 'http', scheme: 'private_key_jwt' },
    description:
      'Members `client_assertion` and `client_assertion_type` of the form body (RFC 7523).',
  },
}

const REFERENCE = '3b1f0d4e-5a0c-4f6e-9a53-0d7c0d3b6c11'
const PROBLEMS: { readonly [status: string]: readonly [code: string, detail: string] } = {
  400: ['invalid_request', 'redirect_uris.0: not an https URL without fragment and user'],
  401: ['invalid_token', 'a valid admin token is needed'],
  403: ['insufficient_scope', 'scope clients:manage is needed'],
  404: ['not_found', 'there is nothing here'],
  406: ['not_acceptable', 'the answer would be application/json'],
  409: ['conflict', 'slug: there is a tenant of this name'],
  412: ['precondition_failed', 'it is not what the condition says'],
  413: ['payload_too_large', 'the body is too large'],
  415: ['unsupported_media_type', 'the content type is not accepted here'],
  422: ['policy_refused', 'the document was refused'],
  429: ['rate_limited', 'too many requests'],
  500: ['server_error', 'something went wrong on our side'],
  503: ['temporarily_unavailable', 'try again in a moment'],
}
const OAUTH_WORDS: { readonly [status: string]: string } = {
  401: 'invalid_client',
  403: 'insufficient_scope',
  404: 'not_found',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  429: 'rate_limited',
  500: 'server_error',
  503: 'temporarily_unavailable',
}

/** Problem details as an answer has them. */
export function problemExample(status: number, code: string, detail: string): JsonObject {
  return {
    type: `urn:identity-bridge:problem:${code}`,
    ...{ title: titleOf(code, detail), status, detail, code },
    ...(code === 'policy_refused' ? { problems: ['rules.0.merge: invalid_value'] } : {}),
    reference: REFERENCE,
  }
}

/** The usual example of each error shape and status, by a name made of both: `Problem404`. */
export const ERROR_EXAMPLES: { readonly [name: string]: JsonObject } = Object.fromEntries(
  Object.entries(PROBLEMS).flatMap(([status, [code, detail]]) => {
    const word = OAUTH_WORDS[status] ?? 'invalid_request'
    const oauth = { value: { error: word, error_description: detail.replace(/^.*: /, '') } }
    const problem = problemExample(Number(status), code, detail)
    return [
      [`Problem${status}`, { value: problem }],
      [`OAuthError${status}`, oauth],
      [`WalletError${status}`, oauth],
    ]
  }),
)

/** The example of an error answer with this schema and status; undefined for a schema that is no error shape. */
export function exampleOfError(schema: Json | undefined, status: string): JsonObject | undefined {
  const shape = /^#\/components\/schemas\/(Problem|OAuthError|WalletError)$/.exec(
    String(schema),
  )?.[1]
  if (shape === undefined) return undefined
  const name = `${shape}${PROBLEMS[status] === undefined ? '500' : status}`
  return { usual: { $ref: `#/components/examples/${name}` } }
}
