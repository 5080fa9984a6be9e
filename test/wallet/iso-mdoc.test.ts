/**
 * The mdoc response of ISO/IEC 18013-5 annex D.4.1.2: its issuerAuth, whole, and four of its items. (Its device
 * authenticates by MAC, over a transcript of the proximity flow: see `device-mac.test.ts`.)
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeCbor, embeddedBytes } from '../../src/wallet/cbor.ts'
import { readCertificate } from '../../src/wallet/certificate.ts'
import {
  type CoseSign1,
  readCoseKey,
  readCoseSign1,
  verifyCoseSign1,
} from '../../src/wallet/cose.ts'
import {
  type MobileSecurityObject,
  readMobileSecurityObject,
  revealElements,
} from '../../src/wallet/mobile-security-object.ts'
import { MDL, MDL_NAMESPACE } from './mdoc-world.ts'
import { refusalOf } from './world.ts'

const ISSUER_AUTH = `
8443a10126a118215901f3308201ef30820195a00302010202143c4416eed784f3b413e48f56f075abfa6d87
eb84300a06082a8648ce3d04030230233114301206035504030c0b75746f7069612069616361310b3009060355
040613025553301e170d3230313030313030303030305a170d3231313030313030303030305a30213112301006
035504030c0975746f706961206473310b30090603550406130255533059301306072a8648ce3d020106082a86
48ce3d03010703420004ace7ab7340e5d9648c5a72a9a6f56745c7aad436a03a43efea77b5fa7b88f0197d57d8
983e1b37d3a539f4d588365e38cbbf5b94d68c547b5bc8731dcd2f146ba381a83081a5301e0603551d12041730
1581136578616d706c65406578616d706c652e636f6d301c0603551d1f041530133011a00fa00d820b6578616d
706c652e636f6d301d0603551d0e0416041414e29017a6c35621ffc7a686b7b72db06cd12351301f0603551d230
4183016801454fa2383a04c28e0d930792261c80c4881d2c00b300e0603551d0f0101ff04040302078030150603
551d250101ff040b3009060728818c5d050102300a06082a8648ce3d040302034800304502210097717ab901674
0c8d7bcdaa494a62c053bbdecce1383c1aca72ad08dbc04cbb202203bad859c13a63c6d1ad67d814d43e2425ca
f90d422422c04a8ee0304c0d3a68d5903a2d81859039da66776657273696f6e63312e306f646967657374416c6
76f726974686d675348412d3235366c76616c756544696765737473a2716f72672e69736f2e31383031332e352
e31ad00582075167333b47b6c2bfb86eccc1f438cf57af055371ac55e1e359e20f254adcebf01582067e539d61
39ebd131aef441b445645dd831b2b375b390ca5ef6279b205ed45710258203394372ddb78053f36d5d869780e6
1eda313d44a392092ad8e0527a2fbfe55ae0358202e35ad3c4e514bb67b1a9db51ce74e4cb9b7146e41ac52dac
9ce86b8613db555045820ea5c3304bb7c4a8dcb51c4c13b65264f845541341342093cca786e058fac2d5905582
0fae487f68b7a0e87a749774e56e9e1dc3a8ec7b77e490d21f0e1d3475661aa1d0658207d83e507ae77db815de
4d803b88555d0511d894c897439f5774056416a1c7533075820f0549a145f1cf75cbeeffa881d4857dd438d627c
f32174b1731c4c38e12ca936085820b68c8afcb2aaf7c581411d2877def155be2eb121a42bc9ba5b7312377e06
8f660958200b3587d1dd0c2a07a35bfb120d99a0abfb5df56865bb7fa15cc8b56a66df6e0c0a5820c98a170cf3
6e11abb724e98a75a5343dfa2b6ed3df2ecfbb8ef2ee55dd41c8810b5820b57dd036782f7b14c6a30faaaae6cc
d5054ce88bdfa51a016ba75eda1edea9480c5820651f8736b18480fe252a03224ea087b5d10ca5485146c67c74
ac4ec3112d4c3a746f72672e69736f2e31383031332e352e312e5553a4005820d80b83d25173c484c5640610ff1
a31c949c1d934bf4cf7f18d5223b15dd4f21c0158204d80e1e2e4fb246d97895427ce7000bb59bb24c8cd003ec
f94bf35bbd2917e340258208b331f3b685bca372e85351a25c9484ab7afcdf0d2233105511f778d98c2f544035
820c343af1bd1690715439161aba73702c474abf992b20c9fb55c36a336ebe01a876d6465766963654b6579496
e666fa1696465766963654b6579a40102200121582096313d6c63e24e3372742bfdb1a33ba2c897dcd68ab8c75
3e4fbd48dca6b7f9a2258201fb3269edd418857de1b39a4e4a44b92fa484caa722c228288f01d0c03a2c3d6676
46f6354797065756f72672e69736f2e31383031332e352e312e6d444c6c76616c6964697479496e666fa366736
9676e6564c074323032302d31302d30315431333a33303a30325a6976616c696446726f6dc074323032302d313
02d30315431333a33303a30325a6a76616c6964556e74696cc074323032312d31302d30315431333a33303a303
25a584059e64205df1e2f708dd6db0847aed79fc7c0201d80fa55badcaf2e1bcf5902e1e5a62e4832044b890ad
85aa53f129134775d733754d7cb7a413766aeff13cb2e`

const ITEMS = [
  `d8185863a4686469676573744944006672616e646f6d58208798645b20ea200e19ffabac92624bee6aec63aceedecfb1
b80077d22bfc20e971656c656d656e744964656e7469666965726b66616d696c795f6e616d656c656c656d656e7456616c
756563446f65`,
  `d818586ca4686469676573744944036672616e646f6d5820b23f627e8999c706df0c0a4ed98ad74af988af619b4bb078
b89058553f44615d71656c656d656e744964656e7469666965726a69737375655f646174656c656c656d656e7456616c75
65d903ec6a323031392d31302d3230`,
  `d818586da4686469676573744944046672616e646f6d5820c7ffa307e5de921e67ba5878094787e8807ac8e7b5b3932d
2ce80f00f3e9abaf71656c656d656e744964656e7469666965726b6578706972795f646174656c656c656d656e7456616c
7565d903ec6a323032342d31302d3230`,
  `d818586da4686469676573744944076672616e646f6d582026052a42e5880557a806c1459af3fb7eb505d3781566329d
0b604b845b5f9e6871656c656d656e744964656e7469666965726f646f63756d656e745f6e756d6265726c656c656d656e
7456616c756569313233343536373839`,
]

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replace(/\s/g, ''), 'hex')
}

let issuerAuth: CoseSign1
let mso: MobileSecurityObject
beforeAll(() => {
  issuerAuth = readCoseSign1(decodeCbor(bytesOf(ISSUER_AUTH)))
  mso = readMobileSecurityObject(issuerAuth)
})

function signer() {
  const der = issuerAuth.unprotectedHeader.get(33)
  const certificate = der instanceof Uint8Array ? readCertificate(der) : undefined
  return certificate ?? expect.fail('no certificate')
}

const verify = (payload = issuerAuth.payload ?? new Uint8Array()) =>
  verifyCoseSign1(issuerAuth, payload, signer().publicKey, 'issuer_signature_invalid')

const reveal = (items = ITEMS.map(bytesOf)) =>
  revealElements(
    new Map([[MDL_NAMESPACE, items.map((item) => embeddedBytes(decodeCbor(item)) ?? item)]]),
    mso,
  )

describe('the mdoc of ISO/IEC 18013-5 annex D', () => {
  it('MD-03 is signed by the document signer of Utopia', async () => {
    expect([...signer().subjectNames.values()]).toEqual(['utopia ds', 'US'])
    expect(signer().extendedKeyUsage).toEqual(['1.0.18013.5.1.2'])
    expect(() => verify()).not.toThrow()
    const other = Uint8Array.from(issuerAuth.payload ?? [])
    other.set([0xff], 100)
    expect(await refusalOf(() => verify(other))).toBe('issuer_signature_invalid')
  })

  it('MD-05, MD-07 has the security object that the annex prints', () => {
    expect(mso).toMatchObject({
      ...{ docType: MDL, digest: 'sha256' },
      signed: Date.parse('2020-10-01T13:30:02Z'),
      validFrom: Date.parse('2020-10-01T13:30:02Z'),
      validUntil: Date.parse('2021-10-01T13:30:02Z'),
    })
    const { jwk } = readCoseKey(mso.deviceKey)
    expect(Buffer.from(jwk.x, 'base64url').toString('hex')).toBe(
      '96313d6c63e24e3372742bfdb1a33ba2c897dcd68ab8c753e4fbd48dca6b7f9a',
    )
  })

  it('MD-06, MD-12 says what was digested, and nothing else', async () => {
    expect(reveal()).toEqual({
      [MDL_NAMESPACE]: {
        family_name: 'Doe',
        issue_date: '2019-10-20',
        expiry_date: '2024-10-20',
        document_number: '123456789',
      },
    })
    const forged = bytesOf((ITEMS[0] ?? '').replace('446f65', '446f66'))
    expect(await refusalOf(() => reveal([forged]))).toBe('disclosure_invalid')
  })
})
