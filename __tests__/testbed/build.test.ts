import {describe, expect, test} from '@jest/globals'
import {contentKey, digest, programsKey} from '../../testbed/build/cache-key.ts'
import {buildFlags, programGroups} from '../../testbed/build/programs.ts'
import {versions} from '../../testbed/versions.ts'

describe('the key of the cache', () => {
  test('is the same for the same sources', () => {
    expect(programsKey()).toBe(programsKey())
    expect(contentKey()).toBe(contentKey())
    expect(programsKey()).toMatch(/^[0-9a-f]{16}$/)
  })

  test('of images follows the programs', () => {
    expect(contentKey('other programs')).not.toBe(contentKey())
  })

  test('tells texts apart whose borders alone differ', () => {
    expect(digest(['ab', 'c'])).not.toBe(digest(['a', 'bc']))
  })
})

describe('the flags of the Go build', () => {
  test('carry the versions that Kubernetes, helm and Istio report', () => {
    const flags = buildFlags('1.31.0').join(' ')
    expect(flags).toContain(`version.gitVersion=${versions.kubernetes} `)
    expect(flags).toContain('version.gitMajor=1 ')
    expect(flags).toContain('version.gitMinor=37 ')
    expect(flags).toContain(`helm/v4/internal/version.version=${versions.helm} `)
    expect(flags).toContain('istio/pkg/version.buildVersion=1.31.0 ')
  })

  test('build Istio’s programs once per version', () => {
    expect(programGroups.flatMap(({istio}) => istio ?? [])).toEqual([...versions.istio])
  })
})
