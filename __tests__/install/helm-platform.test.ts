import {expect, test} from '@jest/globals'
import {helmPlatform} from '../../src/install/platform.ts'
import table from '../../src/install/helm-checksums.json' with {type: 'json'}

test.each([
  ['linux', 'x64', 'linux-amd64', 'tar.gz', 'linux-amd64/helm'],
  ['linux', 'arm64', 'linux-arm64', 'tar.gz', 'linux-arm64/helm'],
  ['linux', 'arm', 'linux-arm', 'tar.gz', 'linux-arm/helm'],
  ['linux', 'ia32', 'linux-386', 'tar.gz', 'linux-386/helm'],
  ['linux', 'ppc64', 'linux-ppc64le', 'tar.gz', 'linux-ppc64le/helm'],
  ['darwin', 'arm64', 'darwin-arm64', 'tar.gz', 'darwin-arm64/helm'],
  ['win32', 'x64', 'windows-amd64', 'zip', 'windows-amd64/helm.exe'],
])('%s %s is %s', (platform, arch, name, extension, member) => {
  expect(helmPlatform(platform, arch)).toMatchObject({name, extension, member})
  expect(table['v4.2.4']).toHaveProperty(name)
})

test.each([
  ['darwin', 'ia32'],
  ['win32', 'arm'],
  ['freebsd', 'x64'],
  ['linux', 'mips'],
])('%s %s has no helm', (platform, arch) => {
  expect(() => helmPlatform(platform, arch)).toThrow(`no program for \`${platform}\` on \`${arch}\``)
})

test('every checksum of the table is a SHA-256, each platform its own', () => {
  const {source, ...versions} = table
  expect(source).not.toBe('')
  for (const platforms of Object.values(versions)) {
    const sums = Object.values(platforms)
    expect(new Set(sums).size).toBe(sums.length)
    for (const sum of sums) expect(sum).toMatch(/^[0-9a-f]{64}$/)
  }
})
