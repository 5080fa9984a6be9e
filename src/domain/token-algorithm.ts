/** What tokens are signed with; each tenant has keys of its own for each. */

/**
 * ES256 unless a relying party knows nothing but RS256, the default of OpenID Connect; PS256 for those that want RSA and no
 * PKCS#1 v1.5 (protocols OP-56, FAPI 2.0 Security Profile 5.4.1).
 */
export const TOKEN_ALGORITHMS = ['ES256', 'RS256', 'PS256'] as const
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number]

/** Those a tenant has keys for from its first day; a key for another is made when the first relying party wants it. */
export const FIRST_ALGORITHMS = ['ES256', 'RS256'] as const satisfies readonly TokenAlgorithm[]
