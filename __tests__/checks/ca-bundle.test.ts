import {X509Certificate} from 'node:crypto'
import {globSync, readFileSync} from 'node:fs'
import {caBundleFrom} from '../../src/checks/ca-bundle.ts'

const fixtures = `${import.meta.dirname}/../fixtures`
const block = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g
const texts = globSync(`${fixtures}/**/*.yaml`).map((file) => readFileSync(file, 'utf8').replace(/^ +/gm, ''))
const pems = [...new Set(texts.flatMap((text) => text.match(block) ?? []))].filter(isCertificate)
const base64 = (text: string) => Buffer.from(text).toString('base64')

test('dates are read as node reads them, RSA and curves alike', () => {
  expect(pems.length).toBeGreaterThanOrEqual(5)
  const expected = pems.map((pem) => {
    const {validFrom, validTo} = new X509Certificate(pem)
    return {notBefore: Date.parse(validFrom), notAfter: Date.parse(validTo)}
  })
  expect(caBundleFrom(base64(pems.join('\n')))).toEqual({certificates: expected, unreadable: 0})
})

test('a certificate cut short anywhere is none, and nothing throws', () => {
  const lines = (pems[0] ?? '').split('\n')
  const body = lines.slice(1, -1).join('')
  for (let length = 0; length < body.length - 4; length += 4) {
    const cut = `-----BEGIN CERTIFICATE-----\n${body.slice(0, length)}\n-----END CERTIFICATE-----\n`
    expect(caBundleFrom(base64(cut))).toEqual({certificates: [], unreadable: 1})
  }
})

test.each(['', 'TUVTSA==', '%%%', base64('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----')])(
  '%j holds no certificate',
  (text) => {
    expect(caBundleFrom(text)).toEqual({certificates: [], unreadable: 0})
  },
)

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).validTo !== ''
  } catch {
    return false
  }
}
