import {kept} from '../../src/derive/kept.ts'

test('it is worked out once for the same arguments, and anew for any other', () => {
  const asked: string[] = []
  const sum = kept((list: number[], label: string, more: number) => {
    asked.push(label)
    return list.reduce((total, each) => total + each, more)
  })
  const [one, same] = [
    [1, 2],
    [1, 2],
  ]
  expect([sum(one, 'a', 0), sum(one, 'a', 0), sum(one, 'a', 1), sum(same, 'b', 0), sum(one, 'a', 1), sum(one, 'c', 1)]).toEqual([
    3, 3, 4, 3, 4, 4,
  ])
  expect(asked).toEqual(['a', 'a', 'b', 'c'])
})

test('what is undefined is an answer, too', () => {
  let asked = 0
  const nothing = kept((_: object) => {
    asked++
  })
  const key = {}
  for (let times = 0; times < 3; times++) nothing(key)
  expect(asked).toBe(1)
})
