/**
 * A picture of a terminal: text with ANSI colours on stdin, SVG on stdout. For docs/assets/demo.svg:
 *
 *   script -qec 'npm run demo' demo.txt
 *   sed -n -e '/3  A day/,/^\r*$/p' -e '/5  A crash/,/^\r*$/p' -e '/8  Source/,/nothing came/p' demo.txt |
 *     node scripts/terminal-svg.mjs --title 'npm run demo: three of its eight acts' > docs/assets/demo.svg
 *
 * Only colours, bold and dim are drawn. Lines that are drawn over, as progress bars are, count as they are at the end.
 */
import process from 'node:process'

const CELL = { width: 8.4, height: 18, size: 14 }
const EDGE = 16
const BAR = 30
const COLOURS = {
  31: '#f7768e',
  32: '#9ece6a',
  33: '#e0af68',
  34: '#7aa2f7',
  35: '#bb9af7',
  36: '#7dcfff',
  90: '#737aa2',
}
const INK = '#c0caf5'

const escaped = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const ESCAPE = '\u001B'
/** an escape with its number and letter, an end of line, or text */
const TOKEN = new RegExp(`${ESCAPE}\\[([0-9;?]*)([A-Za-z])|[\\r\\n]|[^${ESCAPE}\\r\\n]+`, 'g')

/** The lines as they stand in the end: what moved the cursor up has drawn over what was there. */
function settled(text) {
  const lines = ['']
  let at = 0
  let over = true
  for (const [token, count, escape] of text.matchAll(TOKEN)) {
    if (token === '\n') at += 1
    else if (escape === 'A') at = Math.max(0, at - Number(count || 1))
    else if (escape === 'J') lines.length = at
    if (token === '\n' || token === '\r' || escape === 'A') over = true
    else if (escape === undefined || escape === 'm') {
      lines[at] = over ? token : `${lines[at]}${token}`
      over = false
    } else if (escape === 'K' && over) lines[at] = ''
  }
  return Array.from(lines, (line) => line ?? '')
}

/** The style after one SGR escape. */
function restyled(style, codes) {
  let next = style
  for (const code of codes === '' ? ['0'] : codes.split(';')) {
    if (code === '0') next = {}
    else if (code === '1') next = { ...next, bold: true }
    else if (code === '2') next = { ...next, dim: true }
    else if (code === '22') next = { ...next, bold: false, dim: false }
    else if (code === '39') next = { ...next, colour: undefined }
    else if (code in COLOURS) next = { ...next, colour: COLOURS[code] }
  }
  return next
}

/** `[{ text, style, column }]` of one line; a style goes on in the next. */
function spansOf(line, start) {
  const spans = []
  let style = start
  let column = 0
  for (const [i, part] of line.split('\u001B[').entries()) {
    const [, codes = '', end = '', text = part] = i === 0 ? [] : (/^([0-9;?]*)([A-Za-z])(.*)$/.exec(part) ?? [])
    if (end === 'm') style = restyled(style, codes)
    // blanks in a row collapse in SVG: each word group gets its own place
    for (const group of text.matchAll(/\S+(?: \S+)*/g))
      spans.push({ text: group[0], style, column: column + group.index })
    column += text.length
  }
  return { spans, style, columns: column }
}

function svg(text, title) {
  const lines = []
  let style = {}
  for (const line of settled(text.trimEnd())) {
    const read = spansOf(line, style)
    style = read.style
    lines.push(read)
  }
  const columns = Math.max(60, ...lines.map((l) => l.columns))
  const width = Math.ceil(columns * CELL.width + 2 * EDGE)
  const height = BAR + lines.length * CELL.height + EDGE
  const at = (n) => Number(n.toFixed(1))
  const rows = lines.flatMap(({ spans }, i) => {
    if (spans.length === 0) return []
    const drawn = spans.map(({ text: words, style: s, column }) => {
      const looks = [
        s.colour === undefined ? '' : ` fill="${s.colour}"`,
        s.bold ? ' font-weight="bold"' : '',
        s.dim ? ' opacity="0.6"' : '',
      ]
      return `<tspan x="${at(EDGE + column * CELL.width)}"${looks.join('')}>${escaped(words)}</tspan>`
    })
    return [`<text y="${BAR + (i + 1) * CELL.height - 4}">${drawn.join('')}</text>`]
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<rect width="${width}" height="${height}" rx="8" fill="#1a1b26"/>
<g fill="#3b4261"><circle cx="18" cy="15" r="5"/><circle cx="36" cy="15" r="5"/><circle cx="54" cy="15" r="5"/></g>
<text x="${width / 2}" y="20" text-anchor="middle" font-family="sans-serif" font-size="12" fill="#737aa2">${escaped(title)}</text>
<g font-family="ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${CELL.size}" fill="${INK}">
${rows.join('\n')}
</g>
</svg>
`
}

const wanted = process.argv.indexOf('--title')
let input = ''
for await (const chunk of process.stdin.setEncoding('utf8')) input += chunk
process.stdout.write(svg(input, wanted < 0 ? 'terminal' : (process.argv[wanted + 1] ?? '')))
