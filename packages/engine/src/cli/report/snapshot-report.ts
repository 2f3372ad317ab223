/** `snapshot diff --out report.html`: one page that asks for nothing else, for people who do not type commands. */
import type { DiffAnswer } from '../../app/snapshot/diff.ts'
import type { SampleTable } from '../../app/snapshot/samples.ts'
import { flowName } from '../print/flow-name.ts'
import { count, counted } from '../print/numbers.ts'
import { localTime } from '../print/times.ts'
import { type Html, html, NOTHING, ownText } from './html.ts'
import { REPORT_STYLE } from './report-style.ts'
import { keyHtml, valueHtml } from './value-html.ts'

/** Which columns change most; beyond, the reader is told how many there are. */
const MOST_BARS = 25
/** Values of one changed row. */
const MOST_VALUES = 40

type Document = DiffAnswer['document']
type Samples = NonNullable<DiffAnswer['samples']>

export function snapshotReport(
  d: Document,
  samples: Samples,
  { now, zone }: { readonly now: Temporal.Instant; readonly zone: string },
): string {
  const flow = flowName(d.flow, d.after.scope)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>What changed in ${flow}</title>
<style>${ownText(REPORT_STYLE)}</style>
</head>
<body>
<header>
<h1>What changed in <bdi>${flow}</bdi></h1>
</header>
<main>
${snapshotsHtml(d, zone)}
${countsHtml(d)}
${columnsHtml(d)}
${schemaHtml(d)}
${changedHtml(d, samples.changed)}
${rowsHtml(d, 'new', samples.new)}
${rowsHtml(d, 'deleted', samples.deleted)}
</main>
<footer>
<p>Made by Tidemark on ${timeHtml(now.toString(), zone)}. Every difference, as a file for programs:
<code>tidemark snapshot diff ${d.flow} ${d.before.snapshot} ${d.after.snapshot} --out differences.csv</code></p>
</footer>
</body>
</html>
`.text
}

/** With its offset: the page is read in other zones than it was made in. */
function timeHtml(instant: string, zone: string): Html {
  const at = Temporal.Instant.from(instant)
  return html`<time datetime="${at.toString()}">${localTime(instant, zone)} (${at.toZonedDateTimeISO(zone).offset})</time>`
}

function snapshotsHtml(d: Document, zone: string): Html {
  const lines = (['before', 'after'] as const).map(
    (which) =>
      html`<tr><th scope="row">${which === 'before' ? 'Before' : 'After'}</th><td>${timeHtml(d[which].taken_at, zone)}</td><td class="number">${count(d[which].rows)}</td><td><code>${d[which].snapshot}</code></td></tr>`,
  )
  return html`<section aria-labelledby="compared">
<h2 id="compared">What is compared</h2>
<table>
<thead><tr><th scope="col">Snapshot</th><th scope="col">Taken</th><th scope="col">Rows</th><th scope="col">Id</th></tr></thead>
<tbody>
${lines}
</tbody>
</table>
${d.only === null ? NOTHING : html`<p>Only these columns are looked at: <bdi>${d.only.join(', ')}</bdi>. A row that differs in others alone counts as unchanged.</p>`}
</section>`
}

const countsHtml = ({ difference: n }: Document): Html => html`<section aria-labelledby="counts">
<h2 id="counts">Rows</h2>
<dl class="counts">
<div><dt>New</dt><dd>${count(n.new)}</dd></div>
<div><dt>Changed</dt><dd>${count(n.changed)}</dd></div>
<div><dt>Deleted</dt><dd>${count(n.deleted)}</dd></div>
<div><dt>Unchanged</dt><dd>${count(n.unchanged)}</dd></div>
</dl>
</section>`

function columnsHtml({ columns, difference }: Document): Html {
  if (columns.length === 0) return NOTHING
  const most = Math.max(...columns.map(({ rows }) => Number(rows)))
  const shown = columns.slice(0, MOST_BARS)
  const lines = shown.map(
    ({ column, rows }) =>
      html`<tr><th scope="row"><bdi>${column}</bdi></th><td class="number">${count(rows)}</td><td><span class="bar" style="width: ${((Number(rows) / most) * 100).toFixed(1)}%"></span></td></tr>`,
  )
  return html`<section aria-labelledby="columns">
<h2 id="columns">Which columns change most</h2>
<p>Of ${counted(difference.changed, 'changed row')}, in how many each column has another value.</p>
<table class="bars">
<thead><tr><th scope="col">Column</th><th scope="col">Changed rows</th><th scope="col">Beside the most</th></tr></thead>
<tbody>
${lines}
</tbody>
</table>
${left(columns.length - shown.length, 'more column changes', 'more columns change')}
</section>`
}

const left = (more: number | bigint, one: string, several: string): Html =>
  BigInt(more) > 0n ? html`<p class="soft">${counted(more, one, several)}; not shown here.</p>` : NOTHING

function schemaHtml({ schema_change: schema }: Document): Html {
  const lines = (
    [
      ['Added', schema.added],
      ['Removed', schema.removed],
      ['Of another type', schema.retyped],
    ] as const
  ).flatMap(([what, names]) =>
    names.length === 0
      ? []
      : [html`<li>${what}: ${names.map((name, i) => html`${i === 0 ? '' : ', '}<bdi>${name}</bdi>`)}</li>`],
  )
  return lines.length === 0
    ? NOTHING
    : html`<section aria-labelledby="schema">
<h2 id="schema">Columns that are not in both, or of another type</h2>
<ul>
${lines}
</ul>
<p>Rows are compared by the columns that both have.</p>
</section>`
}

function changedHtml(d: Document, table: SampleTable): Html {
  if (d.changed.length === 0) return NOTHING
  const asTheyAre = new Map(table.rows.map(({ key, values }) => [JSON.stringify(key), values]))
  return html`<section aria-labelledby="changed">
<h2 id="changed">Changed rows</h2>
<p>${sampleText(d.changed.length, d.difference.changed)} What changed is marked; below it stand some values that did not change.</p>
${d.changed.map(({ key, values }) => changedRow(d, key, values, table.columns, asTheyAre.get(JSON.stringify(key)) ?? []))}
</section>`
}

function changedRow(
  d: Document,
  key: readonly (string | null)[],
  values: Document['changed'][number]['values'],
  columns: readonly string[],
  asTheyAre: readonly (string | null)[],
): Html {
  const shown = values.slice(0, MOST_VALUES)
  const lines = shown.map(
    (v) =>
      html`<tr><th scope="row"><bdi>${v.column}</bdi></th><td><del>${valueHtml(v.old)}</del></td><td><ins>${valueHtml(v.new)}</ins></td></tr>`,
  )
  const same = columns.flatMap((column, i) =>
    values.some((v) => v.column === column)
      ? []
      : [
          html`<tr><th scope="row"><bdi>${column}</bdi></th><td>${valueHtml(asTheyAre[i] ?? null)}</td><td>${valueHtml(asTheyAre[i] ?? null)}</td></tr>`,
        ],
  )
  return html`<table class="row">
<caption>${keyHtml(d.key, key)} <span class="soft">– ${counted(values.length, 'value')} changed</span></caption>
<thead><tr><th scope="col">Column</th><th scope="col">Before</th><th scope="col">After</th></tr></thead>
<tbody>
${[...lines, ...same]}
</tbody>
</table>
${left(values.length - shown.length, 'more value of this row changed', 'more values of this row changed')}`
}

function rowsHtml(d: Document, kind: 'new' | 'deleted', { columns, others, rows }: SampleTable): Html {
  if (rows.length === 0) return NOTHING
  const title = kind === 'new' ? 'New rows' : 'Deleted rows'
  const lines = rows.map(
    ({ key, values }) =>
      html`<tr>${key.map((value) => html`<th scope="row">${valueHtml(value)}</th>`)}${values.map((value) => html`<td>${valueHtml(value)}</td>`)}</tr>`,
  )
  return html`<section aria-labelledby="${kind}">
<h2 id="${kind}">${title}</h2>
<p>${sampleText(rows.length, d.difference[kind])}${others > 0 ? html` ${counted(others, 'more column')} of each ${others === 1 ? 'is' : 'are'} not shown.` : NOTHING}</p>
<div class="scroll" role="region" aria-labelledby="${kind}" tabindex="0">
<table>
<thead><tr>${[...d.key, ...columns].map((name) => html`<th scope="col"><bdi>${name}</bdi></th>`)}</tr></thead>
<tbody>
${lines}
</tbody>
</table>
</div>
</section>`
}

/** A long table ends somewhere, and says so. */
function sampleText(shown: number, all: number | string): string {
  const more = BigInt(all) - BigInt(shown)
  return more === 0n
    ? `All ${count(all)} of them.`
    : `The first ${count(shown)} of ${count(all)}, by key: ${count(more)} more are not shown.`
}
