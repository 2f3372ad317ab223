/** How the report looks: light and dark, on a screen and on paper. Colour only adds: what changed is also bold and underlined. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1c2430; --soft: #55606e; --line: #d5dbe3; --panel: #f5f7fa; --bar: #2f6fb5;
  --old: #ffe9e6; --old-text: #8c1d13; --new: #e3f5e6; --new-text: #145425;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14181e; --text: #e6eaf0; --soft: #a5b0be; --line: #333c48; --panel: #1d232b; --bar: #6aa7e8;
    --old: #45211f; --old-text: #ffb4ab; --new: #1b3a25; --new-text: #a5e5b4;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 2.2rem 0 .6rem; font-size: 1.2rem; }
p { margin: .4rem 0; max-width: 46rem; }
.soft, caption .soft { color: var(--soft); }
table { border-collapse: collapse; font-size: .9rem; }
caption { padding: .3rem 0; text-align: left; font-weight: 600; overflow-wrap: anywhere; }
th, td { padding: .3rem .7rem; border: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { background: var(--panel); }
tbody th { font-weight: 500; }
td { white-space: pre-wrap; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
td.number { text-align: right; white-space: nowrap; }
.scroll { overflow-x: auto; }
.scroll td { min-width: 5rem; }
.counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .8rem; margin: 1.2rem 0 0; }
.counts div { padding: .8rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--panel); }
.counts dt { color: var(--soft); }
.counts dd { margin: 0; font-size: 1.6rem; font-weight: 600; line-height: 1.2; font-variant-numeric: tabular-nums; }
.bars { width: 100%; table-layout: fixed; }
.bars th { overflow-wrap: anywhere; }
.bars th:nth-child(1) { width: 34%; }
.bars th:nth-child(2) { width: 18%; }
.bar { display: block; height: .9rem; min-width: 2px; border-radius: .2rem; background: var(--bar); }
.row { width: 100%; margin: 0 0 1.2rem; table-layout: fixed; }
.row th:first-child { width: 26%; overflow-wrap: anywhere; }
del { background: var(--old); color: var(--old-text); }
ins { background: var(--new); color: var(--new-text); }
del, ins { padding: 0 .2em; border-radius: .2em; font-weight: 600; text-decoration: underline dotted; text-underline-offset: .2em; }
.absent { font-style: italic; color: var(--soft); }
del .absent, ins .absent { color: inherit; }
footer { margin-top: 2.5rem; padding-top: .8rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .85rem; }
@media (max-width: 30rem) {
  body { padding: 1rem .6rem; }
  th, td { padding: .2rem .35rem; }
  table { font-size: .8rem; }
}
code { font-family: ui-monospace, monospace; font-size: .95em; overflow-wrap: anywhere; }
@media print {
  :root {
    color-scheme: light;
    --page: #ffffff; --text: #000000; --soft: #444444; --line: #bbbbbb; --panel: #f5f5f5; --bar: #2f6fb5;
    --old: #ffe9e6; --old-text: #8c1d13; --new: #e3f5e6; --new-text: #145425;
  }
  body { max-width: none; padding: 0; font-size: 11pt; }
  .bar, del, ins, .counts div, thead th { print-color-adjust: exact; }
  .scroll { overflow: visible; }
  .row, .counts div, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
}
`
