import { expect, test } from 'vitest'
import { type AwsRequest, signAwsRequest } from '../../src/crypto/aws-signature.ts'

/** Credentials, time and scope of the signing suite that AWS published. */
const CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: undefined,
}
const AT = Date.UTC(2015, 7, 30, 12, 36)
const REQUEST: AwsRequest = {
  ...{ method: 'GET', host: 'example.amazonaws.com', region: 'us-east-1', service: 'service' },
  ...{ headers: {}, body: '' },
}
const SCOPE = 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request'

test.each<[string, Partial<AwsRequest>, string, string]>([
  [
    'get-vanilla',
    {},
    'host;x-amz-date',
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  ],
  [
    'post-vanilla',
    { method: 'POST' },
    'host;x-amz-date',
    '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  ],
  [
    'get-header-value-order',
    { headers: { 'my-header1': 'value4,value1,value3,value2' } },
    'host;my-header1;x-amz-date',
    '08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01',
  ],
  [
    'post-x-www-form-urlencoded',
    {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Param1=value1',
    },
    'content-type;host;x-amz-date',
    'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  ],
])('CR-34 Signature Version 4: %s of the published suite', (_name, change, names, signature) => {
  const headers = signAwsRequest({ ...REQUEST, ...change }, CREDENTIALS, AT)
  expect(headers['x-amz-date']).toBe('20150830T123600Z')
  expect(headers.authorization).toBe(`${SCOPE}, SignedHeaders=${names}, Signature=${signature}`)
})

test('CR-34 a session token is sent, and signed', () => {
  const headers = signAwsRequest(REQUEST, { ...CREDENTIALS, sessionToken: 'token' }, AT)
  expect(headers['x-amz-security-token']).toBe('token')
  expect(headers.authorization).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token,')
})
