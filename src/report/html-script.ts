/**
 * What the page does once it is open, as text: filters and sorts the table of ports, copies fixes, opens everything for print. It only moves
 * and hides elements that stand there already and writes numbers; nothing it does makes markup out of text.
 */
export const script = `'use strict'
const $ = (id) => document.getElementById(id)
const table = $('rows')
if (table) {
  const body = table.tBodies[0]
  const rows = [...body.rows].map((tr, at) => ({tr, at, text: tr.textContent.toLowerCase()}))
  const form = $('filters'), find = $('find'), space = $('space'), boxes = [...form.querySelectorAll('input[type=checkbox]')]
  const button = $('all'), more = button.parentElement
  let limit = 100
  let order = rows
  const show = () => {
    const words = find.value.toLowerCase().split(/\\s+/).filter(Boolean)
    const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value))
    let found = 0
    for (const {tr, text} of order) {
      const fits = wanted.has(tr.dataset.v) && (space.value === '' || space.value === tr.dataset.n) && words.every((word) => text.includes(word))
      tr.hidden = !fits || ++found > limit
    }
    $('count').textContent = found === rows.length ? rows.length + ' ports' : found + ' of ' + rows.length + ' ports'
    more.hidden = found <= limit
    button.textContent = 'Show all ' + found
  }
  for (const [column, cell] of [...table.tHead.rows[0].cells].entries()) {
    const sort = document.createElement('button')
    sort.type = 'button'
    sort.textContent = cell.textContent
    cell.replaceChildren(sort)
    sort.addEventListener('click', () => {
      const up = cell.getAttribute('aria-sort') !== 'ascending'
      for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort')
      cell.setAttribute('aria-sort', up ? 'ascending' : 'descending')
      const key = ({tr, at}) => column === 0 ? rank.indexOf(tr.dataset.v) : column === 2 ? parseInt(tr.cells[2].textContent, 10) || 1e9 : tr.cells[column].textContent
      const keyed = rows.map((row) => [key(row), row])
      keyed.sort(([a, x], [b, y]) => ((a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1)) || x.at - y.at)
      order = keyed.map(([, row]) => row)
      body.append(...order.map(({tr}) => tr))
      show()
    })
  }
  const rank = ['violated', 'unproven', 'configured', 'proven', 'exempt']
  const reveal = () => {
    const tr = document.getElementById(location.hash.slice(1))
    if (!tr || tr.parentElement !== body || !tr.hidden) return
    find.value = space.value = ''
    for (const box of boxes) box.checked = true
    limit = Infinity
    show()
    tr.scrollIntoView({block: 'center'})
  }
  form.hidden = false
  form.addEventListener('submit', (event) => event.preventDefault())
  for (const field of [find, space, ...boxes]) field.addEventListener('input', show)
  button.addEventListener('click', () => { limit = Infinity; show(); find.focus() })
  addEventListener('hashchange', reveal)
  show()
  reveal()
}
for (const button of document.querySelectorAll('.do-copy')) {
  button.hidden = false
  button.addEventListener('click', async () => {
    const pre = button.parentElement.querySelector('pre')
    let done = true
    try {
      await navigator.clipboard.writeText(pre.textContent)
    } catch {
      getSelection().selectAllChildren(pre)
      done = document.execCommand('copy')
    }
    button.textContent = done ? 'Copied' : 'Press Ctrl+C'
    $('said').textContent = done ? 'Copied to the clipboard' : 'Selected: press Ctrl+C to copy'
    setTimeout(() => { button.textContent = 'Copy' }, 2000)
  })
}
addEventListener('beforeprint', () => { for (const fold of document.querySelectorAll('details')) fold.open = true })
`
