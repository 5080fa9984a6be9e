/**
 * What a trust policy let pass though it could not be made sure of. Each time it is counted, and written into the audit
 * trail with the login it helped.
 */
export type Lenience =
  | 'status_list_stale' // a status list past its time, within the entry's grace
  | 'revocation_stale' // a revocation list or answer past its time, within the entry's grace
  | 'revocation_unchecked' // nobody could be asked about a certificate, and the entry accepts that
  | 'issuer_keys_stale' // keys an issuer published, past their hour, within the entry's grace
  | 'trusted_list_stale' // an anchor of a trusted list past its next update, within the list's grace
