import {BlockList} from 'node:net'
import {describe, expect, test} from '@jest/globals'
import {addressesOf} from '../../testbed/addresses.ts'

const beds = Array.from({length: 100}, (_, bed) => addressesOf(bed))

describe('addresses of a bed', () => {
  test.each(beds)('of bed $number lie in its own 10.x.0.0/16 and do not overlap', ({number, nodeNet, servicesNet, podsNet, ...ips}) => {
    const whole = blockOf(`10.${100 + number}.0.0/16`)
    const ranges = [nodeNet, servicesNet, podsNet]
    for (const range of ranges) expect(whole.check(range.split('/')[0] as string)).toBe(true)
    for (const [index, range] of ranges.entries()) {
      for (const other of ranges.slice(index + 1)) {
        expect(blockOf(range).check(other.split('/')[0] as string)).toBe(false)
        expect(blockOf(other).check(range.split('/')[0] as string)).toBe(false)
      }
    }
    expect([ips.hostIp, ips.nodeIp].every((ip) => blockOf(nodeNet).check(ip))).toBe(true)
    expect([ips.apiServiceIp, ips.dnsIp].every((ip) => blockOf(servicesNet).check(ip))).toBe(true)
  })

  test('share no name and no range between beds', () => {
    for (const key of ['name', 'link', 'hostIp', 'nodeIp', 'nodeNet', 'servicesNet', 'podsNet', 'dnsIp', 'apiServiceIp'] as const) {
      expect(new Set(beds.map((bed) => bed[key])).size).toBe(beds.length)
    }
  })

  test('name a link that the kernel takes, at most 15 bytes', () => {
    for (const {link} of beds) expect(link.length).toBeLessThanOrEqual(15)
  })

  test.each([-1, 100, 1.5, Number.NaN])('refuse %s', (bed) => {
    expect(() => addressesOf(bed)).toThrow('use a number from 0 to 99')
  })
})

function blockOf(range: string): BlockList {
  const [net, prefix] = range.split('/')
  const list = new BlockList()
  list.addSubnet(net as string, Number(prefix))
  return list
}
