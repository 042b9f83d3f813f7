import {globSync} from 'node:fs'
import {basename} from 'node:path'
import {fixture} from '../helpers/fixture.ts'
import {found, results} from '../helpers/found.ts'

const files = globSync(`${import.meta.dirname}/../fixtures/checks/*.yaml`).sort()

test.each(files.map((file) => [basename(file, '.yaml'), file]))(
  'all checks on fixture %s find what it expects, and nothing else',
  (name, file) => {
    const {snapshot, expected} = fixture(file)
    const own = name.slice(0, 4).toUpperCase()
    expect(found(snapshot, [own, ...expected.map((line) => line.slice(0, 4))])).toEqual(expected)
  },
)

test.each(files.map((file) => [basename(file, '.yaml'), file]))(
  'no check of fixture %s breaks, and every finding has a hint and a fix to paste',
  (_, file) => {
    for (const {code, reason, findings} of results(fixture(file).snapshot)) {
      expect(`${code} ${reason}`).not.toContain('the check itself failed')
      for (const {message, hint, fix, subject} of findings) {
        expect({
          code,
          message: message.length > 0,
          hint: /^[A-Z]/.test(hint),
          fix: /[a-z]/.test(fix),
          name: subject.name.length > 0,
        }).toEqual({
          ...{code, message: true, hint: true, fix: true, name: true},
        })
        expect(`${code} ${message} ${fix}`).not.toMatch(/undefined|NaN|\[object/)
      }
    }
  },
)
