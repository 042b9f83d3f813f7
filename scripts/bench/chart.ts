/** One line of a chart: its name and its points. */
export interface Series {
  name: string
  points: [x: number, y: number][]
}

/** A line chart as an SVG file; colours that can be told apart, and read on white as on black. */
export function chart(title: string, axes: {x: string; y: string}, series: Series[]): string {
  const all = series.flatMap(({points}) => points)
  const [mostX, mostY] = [0, 1].map((at) => niceCeiling(Math.max(...all.map((point) => point[at] ?? 0)))) as [number, number]
  const x = (value: number) => (left + (value / mostX) * (width - left - right)).toFixed(1)
  const y = (value: number) => (height - bottom - (value / mostY) * (height - top - bottom)).toFixed(1)
  const ticks = [0, 0.25, 0.5, 0.75, 1]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    '<style>text{font:12px sans-serif;fill:#57606a}.t{font-weight:600}.g{stroke:#8b949e;stroke-opacity:.3}.l{fill:none;stroke-width:2.5}',
    '@media(prefers-color-scheme:dark){text{fill:#9198a1}}</style>',
    `<text class="t" x="${left}" y="18">${escaped(title)}</text>`,
    ...ticks.map((part) => `<line class="g" x1="${left}" x2="${width - right}" y1="${y(part * mostY)}" y2="${y(part * mostY)}"/>`),
    ...ticks.map((part) => `<text x="${left - 6}" y="${Number(y(part * mostY)) + 4}" text-anchor="end">${told(part * mostY)}</text>`),
    ...ticks.map((part) => `<text x="${x(part * mostX)}" y="${height - bottom + 18}" text-anchor="middle">${told(part * mostX)}</text>`),
    `<text x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">${escaped(axes.x)}</text>`,
    `<text x="14" y="${height / 2}" text-anchor="middle" transform="rotate(-90 14 ${height / 2})">${escaped(axes.y)}</text>`,
    ...series.flatMap(({name, points}, at) => lineOf(name, points, colours[at % colours.length] ?? '', x, y)),
    '</svg>\n',
  ].join('\n')
}

function lineOf(name: string, points: Series['points'], colour: string, x: (v: number) => string, y: (v: number) => string): string[] {
  const last = points.at(-1) ?? [0, 0]
  return [
    `<polyline class="l" stroke="${colour}" points="${points.map(([px, py]) => `${x(px)},${y(py)}`).join(' ')}"/>`,
    ...points.map(([px, py]) => `<circle cx="${x(px)}" cy="${y(py)}" r="3.5" fill="${colour}"/>`),
    `<text x="${Number(x(last[0])) + 8}" y="${Number(y(last[1])) + 4}" style="fill:${colour}">${escaped(name)}</text>`,
  ]
}

function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value || 1))
  return ([1, 2, 2.5, 4, 5, 8, 10].find((step) => step * power >= value) ?? 10) * power
}

function told(value: number): string {
  return value >= 1000 ? `${Number((value / 1000).toFixed(2))}k` : String(Number(value.toFixed(2)))
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

const colours = ['#2f81f7', '#d29922', '#3fb950', '#a371f7']
const [width, height, left, right, top, bottom] = [720, 320, 64, 150, 34, 48]
