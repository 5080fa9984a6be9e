import { expect, test } from 'vitest'
import { DcqlQuery } from '../../src/domain/dcql.ts'
import { describeShown, issuerNames } from '../../src/domain/shown-credentials.ts'

const credential = (id: string) => ({
  ...{ id, format: 'dc+sd-jwt', meta: { vct_values: [`urn:${id}`] } },
})
const query = DcqlQuery.parse({
  credentials: [credential('pid'), credential('eduid'), credential('diploma')],
  credential_sets: [
    { options: [['pid', 'diploma'], ['eduid']] },
    { options: [['diploma']], required: false },
  ],
})
const shown = (queryId: string, issuer: string) => ({ queryId, type: `urn:${queryId}`, issuer })

test('12.3.1, 12.3.2, 12.3.5 queries, types, issuers and answered sets, each once', () => {
  const both = [
    shown('eduid', 'surf#https://issuer.example'),
    shown('eduid', 'surf#https://issuer.example'),
  ]
  expect(describeShown(query, both)).toEqual({
    queries: ['eduid'],
    credentialSets: [0],
    types: ['urn:eduid'],
    issuers: ['surf', 'https://issuer.example'],
  })
  expect(describeShown(query, [shown('diploma', 'roots')])).toMatchObject({
    ...{ credentialSets: [1], issuers: ['roots'] },
  })
  expect(describeShown(query, [shown('pid', 'roots')]).credentialSets).toEqual([])
})

test('an issuer’s own name may hold the mark that parts it from the entry', () => {
  expect(issuerNames('entry#https://a.example/#key')).toEqual(['entry', 'https://a.example/#key'])
})
