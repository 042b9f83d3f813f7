import {expect, test} from '@jest/globals'
import type {KubeObject} from '../../src/io/io.ts'
import {rootsFrom} from '../../src/observe/project-roots.ts'

// Made once with `openssl ca -selfsign`; the expected values are those of `openssl x509 -noout -subject -dates -fingerprint -sha256`.
const ec = `-----BEGIN CERTIFICATE-----
MIIBYDCCAQegAwIBAgIBATAKBggqhkjOPQQDAjAYMRYwFAYDVQQKDA1jbHVzdGVy
LmxvY2FsMB4XDTI2MDEwMTAwMDAwMFoXDTM1MTIzMDAwMDAwMFowGDEWMBQGA1UE
CgwNY2x1c3Rlci5sb2NhbDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLjQ8T4G
+NDXcHiJG3P0CogzRNWsyWOGgWJmpBtGg1Y6DA/KlsUPb9OzmDG+PhN/b5RU85rT
BNoHByNyeso42FijQjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEG
MB0GA1UdDgQWBBRNc8i2W4iXz5O2MDq5RJKEAqpEQjAKBggqhkjOPQQDAgNHADBE
AiBgfcj4+MAHXtEeE5+eaKK6lyoDc+Nyb5whd2HbitqLBgIgEV9pX0DbOTwC6Ou8
1iIf/Vk+TrWSfX6L573HBN06hVM=
-----END CERTIFICATE-----`
const rsa = `-----BEGIN CERTIFICATE-----
MIIC7TCCAdWgAwIBAgIBCDANBgkqhkiG9w0BAQsFADAYMRYwFAYDVQQKDA1jbHVz
dGVyLmxvY2FsMB4XDTI2MDEwMTAwMDAwMFoXDTM1MTIzMDAwMDAwMFowGDEWMBQG
A1UECgwNY2x1c3Rlci5sb2NhbDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoC
ggEBANBqjM6CKQ4/4H3IPKMDcL/X9Hn1+gagpC8HRnpfaAl/LvFPxjXgosZOS9aZ
+eT8JpClIYU3fF2UEtEK3JuV58pXO9ZrvbC0hj4RezNOVy13UGLfG2JZY1BU3QHC
d5ygbRQaOT9i0YmTbkEzCUxr2wsDXHd9zc9AfPnqGPFclr1m9Dlec0EbGCLO7Zw9
oqppHD996UKGagaBPyM4Etz0UusdbfUtMNbYWQsSJ1hugZHCkWIRwS8OPtgBERvd
e0132n6EG3DbfM3f/iPcV4b2davilhetunPhrz/cSfwvvJDlFy4uGlxOosKwMUgn
wQJKFF5+KBjQu/SAmYt+HxV1ANECAwEAAaNCMEAwDwYDVR0TAQH/BAUwAwEB/zAO
BgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFGji/AN16gBeH1i/M7jeMKMiCrIyMA0G
CSqGSIb3DQEBCwUAA4IBAQDIMfr/BH+WZACAsedNwJELkE4IZV7HKr9bgkTIeYTS
gikz1mqHQmN2nyhcUmUvv5BClBE5NB2csAOhp0ZQhnqnL4z1yo146reEmkUHQCb3
LhpwUxTX2ZY/qEk0wVKm8zxwmZGpD3Ype8hR6TtppFm+iQRUYbzTVuiS05E/LOmF
FV18mQIme55ilyULj2UJvz6RM3S5Rjtp0JSP/GGj0ro0t6yHnuJ1+MhEuuzkVV/l
U4hNSG8NDnCOct+ILPNcngMMSjFUMPNrzumnzU3+r92lfYwCcr9ImDzhatyxptMr
wBHVgx9R+jMrcg4l8iySqNsjUUFdwzVNTK/vAswxtqS6
-----END CERTIFICATE-----`
const small = `-----BEGIN CERTIFICATE-----
MIIBTjCB/KADAgECAgEHMAoGCCqGSM49BAMCMBgxFjAUBgNVBAoMDWNsdXN0ZXIu
bG9jYWwwHhcNMjYwMTAxMDAwMDAwWhcNMzUxMjMwMDAwMDAwWjAYMRYwFAYDVQQK
DA1jbHVzdGVyLmxvY2FsME4wEAYHKoZIzj0CAQYFK4EEACEDOgAEGcBIGG0rMIRi
sQPAJFeApaCkoFx1JPbPShLhk4FbIWkafK8jJoFh1IEn3232dzORrPQMPuhZAtyj
QjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBRv
Fahs78b/cy1BpwgC4tjopqcayTAKBggqhkjOPQQDAgNBADA+Ah0AniIB16Um4w+J
SKFrX5pzuS/hMD3/mH7acqtrYQIdAJWrg3VdqEguyQbG5Ubip3QVLD2j/vICiwJ7
9RQ=
-----END CERTIFICATE-----`
const ed = `-----BEGIN CERTIFICATE-----
MIIBPjCB8aADAgECAgEJMAUGAytlcDAnMRYwFAYDVQQKDA1jbHVzdGVyLmxvY2Fs
MQ0wCwYDVQQDDARyb290MB4XDTI2MDEwMTAwMDAwMFoXDTM1MTIzMDAwMDAwMFow
JzEWMBQGA1UECgwNY2x1c3Rlci5sb2NhbDENMAsGA1UEAwwEcm9vdDAqMAUGAytl
cAMhAAxe1Wpha5FCyXFkzHVgpGr8avJWILeIUFFMZu8+Sg14o0IwQDAPBgNVHRMB
Af8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQU09ybOi/5BuaOLcqJ
8S6j6Drcn/4wBQYDK2VwA0EAoNgZ9yF9QG53iAXRfvkfc7fJ1rSHXo+BHY4HF7/I
NCdYgpsenQwmT8PlucSA+b0eYyiXhQKMLUj5cyDPku9ABA==
-----END CERTIFICATE-----`

test.each([
  [
    'a curve',
    ec,
    '2B:CC:D9:BE:22:94:40:7E:CE:37:F7:7C:3C:13:8F:82:0E:B0:24:A8:37:07:61:61:11:F3:4C:7F:59:E6:40:23',
    'O=cluster.local',
    'ec',
    256,
  ],
  [
    'RSA',
    rsa,
    'CF:F9:3C:57:F9:A6:D0:94:EA:FB:55:90:DA:26:14:C7:8C:42:12:86:D3:F3:59:1F:74:9B:AE:74:C7:F0:45:A7',
    'O=cluster.local',
    'rsa',
    2048,
  ],
  [
    'a small curve',
    small,
    'DB:72:5D:FF:D9:EF:5C:D5:9F:A9:42:E6:D8:CB:8F:14:7B:2F:38:F5:CE:84:B9:B1:CD:F4:54:F0:C7:69:62:C5',
    'O=cluster.local',
    'ec',
    224,
  ],
  [
    'a key without a size',
    ed,
    'E1:45:66:62:DC:8B:29:85:78:C8:C4:47:30:9B:BE:67:86:B6:21:5B:C8:F3:3A:8E:76:CC:A9:8E:AB:69:1C:0F',
    'O=cluster.local, CN=root',
    'ed25519',
    0,
  ],
])('a certificate with %s, projected', (_, pem, fingerprint, subject, keyType, keyBits) => {
  expect(rootsFrom(configMap(pem))).toEqual({
    namespace: 'shop',
    certificates: [{fingerprint, subject, notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2035-12-30T00:00:00.000Z', keyType, keyBits}],
    unreadable: '',
  })
})

test('a bundle keeps its order, whatever stands between its blocks', () => {
  const roots = rootsFrom(configMap(`# old\n${rsa}\n\n# new\r\n${ec}`))
  expect(roots?.certificates.map(({keyType}) => keyType)).toEqual(['rsa', 'ec'])
  expect(roots?.unreadable).toBe('')
})

test.each([
  ['no key', undefined, 0, 'the key `root-cert.pem` is missing or empty'],
  ['an empty key', ' \n', 0, 'the key `root-cert.pem` is missing or empty'],
  ['a value of a wrong type', 7, 0, 'the key `root-cert.pem` is missing or empty'],
  ['no PEM', 'hello', 0, 'the key `root-cert.pem` holds no PEM certificate'],
  ['another PEM', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', 0, 'the key `root-cert.pem` holds no PEM certificate'],
  ['a broken block beside a good one', `${broken()}\n${ec}`, 1, '1 of 2 PEM blocks in the key `root-cert.pem` are no certificates'],
  ['a block cut off after a good one', `${ec}\n${ec.slice(0, 200)}`, 1, '1 of 2 PEM blocks in the key `root-cert.pem` are no certificates'],
])('%s is never taken for a sound bundle', (_, text, certificates, unreadable) => {
  const roots = rootsFrom(configMap(text))
  expect([roots?.certificates.length, roots?.unreadable]).toEqual([certificates, unreadable])
})

test('any other ConfigMap is none of ours', () => {
  expect(rootsFrom({...configMap(ec), metadata: {name: 'istio', namespace: 'shop'}})).toBeNull()
})

test('a key of a CA that was put there by mistake does not leave the cluster', () => {
  const key = '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----'
  expect(JSON.stringify(rootsFrom(configMap(`${key}\n${ec}`)))).not.toContain('hunter2')
})

function broken(): string {
  return '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'
}

function configMap(pem: unknown): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {name: 'istio-ca-root-cert', namespace: 'shop'},
    data: pem === undefined ? {} : {'root-cert.pem': pem},
  }
}
