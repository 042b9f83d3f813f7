import {execFileSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {zipSync} from 'fflate'
import {liveFiles} from '../../src/io/files.ts'

const root = mkdtempSync(join(tmpdir(), 'files-'))
const files = liveFiles(join(root, 'temp'))
afterAll(() => rmSync(root, {recursive: true}))

describe('private files', () => {
  test('are readable by their owner alone', async () => {
    const folder = await files.makeTempFolder('x-')
    await files.writePrivate(join(folder, 'a'), 'secret')
    await files.writePrivate(join(folder, 'b'), 'program', 0o700)
    expect([folder, join(folder, 'a'), join(folder, 'b')].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600, 0o700])
    expect(folder.startsWith(join(root, 'temp', 'x-'))).toBe(true)
  })

  test('neither overwrite nor follow a link', async () => {
    writeFileSync(join(root, 'there'), 'old')
    symlinkSync(join(root, 'elsewhere'), join(root, 'link'))
    await expect(files.writePrivate(join(root, 'there'), 'new')).rejects.toThrow('EEXIST')
    await expect(files.writePrivate(join(root, 'link'), 'new')).rejects.toThrow('EEXIST')
    expect(readFileSync(join(root, 'there'), 'utf8')).toBe('old')
    expect(await files.exists(join(root, 'elsewhere'))).toBe(false)
  })
})

describe('find', () => {
  beforeAll(() => {
    mkdirSync(join(root, 'tree/deep/.git'), {recursive: true})
    for (const path of ['b.yaml', 'a.yml', 'deep/c.yaml', 'deep/.git/d.yaml']) writeFileSync(join(root, 'tree', path), '')
  })
  test.each([
    ['a folder stands for all below it', 'tree', ['a.yml', 'b.yaml', 'deep/c.yaml']],
    ['a file stands for itself', 'tree/b.yaml', ['b.yaml']],
    ['a glob', 'tree/*.y*ml', ['a.yml', 'b.yaml']],
    ['a deep glob names no folders', 'tree/**', ['a.yml', 'b.yaml', 'deep/c.yaml']],
    ['nothing', 'tree/*.json', []],
  ])('%s', async (_, pattern, expected) => {
    expect(await files.find(join(root, pattern))).toEqual(expected.map((path) => join(root, 'tree', path)))
  })
})

test('what is a folder, what is there', async () => {
  expect([await files.isFolder(root), await files.isFolder(join(root, 'there')), await files.exists(join(root, 'there', 'below'))]).toEqual(
    [true, false, false],
  )
  await files.remove(join(root, 'not-there'))
})

describe('member', () => {
  let tar: Buffer
  beforeAll(() => {
    const tree = join(root, 'tar')
    mkdirSync(join(tree, 'linux-amd64'), {recursive: true})
    writeFileSync(join(tree, 'linux-amd64/LICENSE'), 'x'.repeat(100_000))
    writeFileSync(join(tree, 'linux-amd64/helm'), 'program')
    symlinkSync('/etc/passwd', join(tree, 'linux-amd64/link'))
    execFileSync('tar', ['-czf', join(root, 'helm.tar.gz'), '-C', tree, 'linux-amd64'])
    tar = readFileSync(join(root, 'helm.tar.gz'))
  })
  const text = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString()

  test('is one regular file of a tar.gz', async () => {
    expect(text(await files.member(tar, 'linux-amd64/helm', 1000))).toBe('program')
    expect(await files.member(tar, 'linux-amd64/none', 1000)).toBeNull()
  })
  test('is never a link', async () => expect(await files.member(tar, 'linux-amd64/link', 1000)).toBeNull())
  test('has a size cap', async () => {
    await expect(files.member(tar, 'linux-amd64/LICENSE', 99_999)).rejects.toThrow('100000 bytes')
    expect(await files.member(tar, 'linux-amd64/LICENSE', 100_000)).toHaveLength(100_000)
  })
  test('of a truncated archive is an error', async () => {
    await expect(files.member(tar.subarray(0, tar.length - 20), 'linux-amd64/none', 1000)).rejects.toThrow()
  })
  test('of what is no archive is an error', async () => {
    await expect(files.member(Buffer.from('<html>'), 'linux-amd64/helm', 1000)).rejects.toThrow()
  })
  test('is one file of a zip', async () => {
    const zip = zipSync({'windows-amd64/helm.exe': Buffer.from('program'), 'windows-amd64/LICENSE': Buffer.alloc(5000)})
    expect(text(await files.member(zip, 'windows-amd64/helm.exe', 1000))).toBe('program')
    expect(await files.member(zip, 'helm.exe', 1000)).toBeNull()
    await expect(files.member(zip, 'windows-amd64/LICENSE', 4999)).rejects.toThrow('5000 bytes')
    await expect(files.member(zip.subarray(0, 60), 'windows-amd64/helm.exe', 1000)).rejects.toThrow()
  })
})
