/** The policy documents of the demo tenant: what is asked of a wallet, whom is trusted, what is kept and what leaves. */
import { EDUID_VCT, type Issuer } from './issuer.ts'

/** Slug of the demo's provider; the selector names it. */
export const DEMO_PROVIDER = 'surf'

/** All five documents, as the admin API takes them. */
export function demoPolicies(issuer: Issuer) {
  return {
    trust: issuer.trustPolicy(),
    query: {
      credentials: [
        {
          id: 'eduid',
          format: 'dc+sd-jwt',
          meta: { vct_values: [EDUID_VCT] },
          claims: [
            { path: ['given_name'] },
            { path: ['family_name'] },
            { path: ['schac_home_organization'] },
          ],
        },
      ],
    },
    attributes: {
      rules: [
        {
          ...{ name: 'given_name', merge: 'OIDC_WINS', wallet: ['given_name'] },
          ...{ required: true, persist: true, project: true, scope: 'profile' },
          label: { en: 'Your first name', nl: 'Je voornaam' },
        },
        {
          ...{ name: 'family_name', merge: 'OIDC_WINS', wallet: ['family_name'] },
          ...{ required: true, persist: true, project: true, scope: 'profile' },
          label: { en: 'Your last name', nl: 'Je achternaam' },
        },
        { name: 'email', merge: 'OIDC_ONLY', persist: true, project: true, scope: 'email' },
        {
          ...{ name: 'institution_id', merge: 'OIDC_WINS', provider: ['schac_home_organization'] },
          ...{ wallet: ['schac_home_organization'], persist: true, project: true },
          label: { en: 'Your institution', nl: 'Je instelling' },
        },
        {
          name: 'eduperson_scoped_affiliation',
          merge: 'OIDC_ONLY',
          persist: true,
          project: true,
          scope: 'profile',
        },
      ],
    },
    material: {
      profiles: [
        {
          id: 'wallet-and-account',
          materials: [{ type: 'holder_key' }, { type: 'provider_subject' }],
        },
      ],
    },
    selector: {
      default: { plan: 'RUN_IDV', provider: DEMO_PROVIDER, profile: 'wallet-and-account' },
    },
  }
}
