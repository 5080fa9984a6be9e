/** Which rules a client is held to, from those that older libraries need to the FAPI 2.0 Security Profile. */
export const CLIENT_PROFILES = ['standard', 'classic', 'fapi2'] as const
export type ClientProfile = (typeof CLIENT_PROFILES)[number]
