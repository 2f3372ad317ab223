/**
 * Writes the pages that are made from code: docs/errors.md from the error registry, docs/events.md from the event map,
 * docs/cli.md from the command table and from a real session, docs/type-mapping.md from the types. `--check` writes
 * nothing and fails where a page differs.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import module from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'

const ROOT = path.resolve(import.meta.dirname, '..')
const HELP_WIDTH = 100

// the workspace's own packages from their sources, as the command itself does in a clone
module.registerHooks({
  resolve: (specifier, context, next) =>
    next(
      specifier,
      specifier.startsWith('@tidemark/')
        ? { ...context, conditions: ['tidemark-source', ...context.conditions] }
        : context,
    ),
})

const { ERRORS } = await import('../packages/contract/src/error-codes.ts')
const { EVENTS } = await import('../packages/contract/src/events.ts')
const { COMMANDS } = await import('../packages/engine/src/cli/command-table.ts')
const { GROUPS } = await import('../packages/engine/src/cli/command.ts')
const { helpText } = await import('../packages/engine/src/cli/build-program.ts')
const { RETRY } = await import('../packages/engine/src/cli/print/error.ts')
const { typeMappingPage } = await import('./type-mapping.mjs')

/** The sample data counts its times back from here; so does the rewind, whose number of rows is then the same each time. */
const STARTED = Temporal.Now.instant().round({ smallestUnit: 'second', roundingMode: 'floor' })
const REWIND_TO = STARTED.toZonedDateTimeISO('UTC')
  .subtract({ days: 20 })
  .toPlainDateTime()
  .toString({ smallestUnit: 'second' })
  .replace('T', ' ')

/** What the times of a session are shown as. */
const STEADY = {
  rewound: '2026-10-31 10:00:00',
  watermark: '2026-11-20 09:45:00',
  ran: '2026-11-20 10:00:00',
  until: '2026-11-20 10:12:00',
}

/** The folder, then what is typed in it. */
const SESSION = [
  ['', 'init', 'shop'],
  ['shop', 'discover', 'shop'],
  ['shop', 'check'],
  ['shop', 'deploy'],
  ['shop', 'plan', 'orders.orders'],
  ['shop', 'run', '--all'],
  ['shop', 'run', '--all'],
  ['shop', 'status'],
  ['shop', 'runs'],
  ['shop', 'show', '$RUN'],
  ['shop', 'watermarks'],
  ['shop', 'connections'],
  ['shop', 'rewind', 'orders.orders', '--to', REWIND_TO, '--reason', 'the lake lost November', '--yes'],
  ['shop', 'run', 'orders.orders'],
  ['shop', 'run', 'orders.order'],
  ['shop', 'explain', 'TM1003'],
]

const pages = {
  'docs/errors.md': errorsPage(),
  'docs/events.md': eventsPage(),
  'docs/cli.md': await cliPage(),
  'docs/type-mapping.md': typeMappingPage(),
}
const check = process.argv.includes('--check')
const stale = []
for (const [name, text] of Object.entries(pages)) {
  const file = path.join(ROOT, name)
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
  stale.push(name)
  if (check) continue
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, text)
}
if (check && stale.length > 0) {
  process.stderr.write(`not what the code says: ${stale.join(', ')}\n  npm run docs   writes them anew\n`)
  process.exitCode = 1
} else {
  process.stdout.write(stale.length === 0 ? 'docs are up to date\n' : `written: ${stale.join(', ')}\n`)
}

function errorsPage() {
  const ranges = {
    1: 'Definitions and usage',
    2: 'Connections and files',
    3: 'Control store, ledger, leases',
    4: 'Plan and capture',
    5: 'Apply and target',
    6: 'Archives and hand-off',
    9: 'Unexpected',
  }
  const out = [
    '# Errors',
    '',
    'Every error has a permanent code. `tidemark explain TM1018` prints the same page. This one is made from the registry',
    'by `scripts/docs.mjs`.',
    '',
  ]
  for (const [digit, title] of Object.entries(ranges)) {
    const codes = Object.entries(ERRORS).filter(([code]) => code.startsWith(`TM${digit}`))
    if (codes.length === 0) continue
    out.push(`## TM${digit}xxx ${title}`, '')
    for (const [code, entry] of codes) {
      out.push(`### ${code} ${entry.title}`, '', entry.meaning, '')
      out.push('```text', ...entry.remedy, '```', '')
      out.push(`${RETRY[entry.retry]} Exit code ${entry.exit}.`, '')
    }
  }
  return `${out.join('\n').trimEnd()}\n`
}

function eventsPage() {
  const snake = (name) => name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
  const levels = ({ level, levelOfStatus = {} }) =>
    [level, ...Object.entries(levelOfStatus).map(([status, l]) => `${l} when ${status}`)].join(', ')
  const out = [
    '# Events',
    '',
    'What the engine says while it works: progress bars, log lines and `--log-format json` tell the same. Made from the event',
    'map in `packages/contract/src/events.ts` by `scripts/docs.mjs`; names and fields are part of the contract.',
    '',
    '`--log-format json` (or `TIDEMARK_LOG_FORMAT=json`) writes one JSON object a line to stderr, and nothing else goes there.',
    'Each has `level`, `time` (UTC), `event`, and `msg`, the same as a sentence; each event also has `run`, `flow` and `scope`,',
    'null where it is about none: a lease and a file are held for a flow, whatever the scope. Counts are numbers up to 2^53 and',
    'text beyond. `--log-level` (default `info`) leaves out what is less.',
    '',
    '```json',
    '{"level":"info","time":"2026-11-20T10:00:00.000Z","event":"step:started","run":"r-7k3f0","flow":"orders.orders","scope":{},"step":"rows","batches":9,"msg":"orders.orders   r-7k3f0   step rows   9 batches"}',
    '```',
    '',
    '| event | level | when | fields besides |',
    '| --- | --- | --- | --- |',
    ...Object.entries(EVENTS).map(
      ([name, entry]) =>
        `| \`${name}\` | ${levels(entry)} | ${entry.when} | ${Object.entries(entry.fields)
          .map(([field, what]) => `\`${snake(field)}\` ${what}`)
          .join(' · ')} |`,
    ),
    '',
    'Besides the engine the command itself speaks: `command:note` (info: what was deployed, that a stop was heard),',
    '`command:failed` (error, with `code` and `remedy`: the command was refused, or ended in an error of its own) and',
    '`command:stopped` (warn: stopped before there was a run).',
    '',
  ]
  return `${out.join('\n').trimEnd()}\n`
}

async function cliPage() {
  const out = [
    '# The command line',
    '',
    'Made from the command table and a real session by `scripts/docs.mjs`.',
    '',
    '```text',
    helpText(null, HELP_WIDTH).trimEnd(),
    '```',
    '',
    'Exit codes: 0 done or nothing to do · 1 a run failed, or an unexpected error · 2 usage or definition error · 3 lease or',
    'file held by another · 4 succeeded with rejects · 130 cancelled; of several runs the first in the order 2, 130, 1, 3, 4, 0.',
    'With `--json` stdout holds exactly one document; what is said besides it goes to stderr.',
    '',
  ]
  for (const group of GROUPS) {
    out.push(`## ${group}`, '')
    for (const { name } of COMMANDS.filter((command) => command.group === group)) {
      out.push(`### tidemark ${name}`, '', '```text', helpText(name, HELP_WIDTH).trimEnd(), '```', '')
    }
  }
  return `${[...out, ...(await session())].join('\n').trimEnd()}\n`
}

/** A real session in a new project: what a person sees. Ids, times and durations are made the same each time. */
async function session() {
  const { main } = await import('../packages/engine/src/cli/main.ts')
  const { engineBackend } = await import('../packages/engine/src/cli/backend.ts')
  const { readConfig } = await import('../packages/engine/src/runtime/config.ts')

  const home = mkdtempSync(path.join(os.tmpdir(), 'tidemark-docs-'))
  const same = steadyWords(home)
  const backend = {
    ...engineBackend,
    openApp: async (options) => steadyApp(await engineBackend.openApp(options), same),
  }
  const out = [
    '## A session',
    '',
    'A terminal shows progress bars besides, and asks instead of taking `--yes`.',
    '',
    '```console',
  ]
  try {
    for (const line of SESSION) {
      const [cwd, ...argv] = line
      let text = ''
      const write = (chunk) => void (text += chunk)
      const quiet = { write: () => {} }
      const shownArgv = argv.map((arg) => (arg === '$RUN' ? same.lastRun() : arg))
      const io = {
        stdout: { write },
        stderr: argv.includes('orders.order') ? { write } : quiet, // log lines are for pipes; the one error is for people
        stdin: new PassThrough().end(),
        configOf: (dir) => readConfig(dir, { TIDEMARK_ACTOR: 'ada' }),
        isTty: { stdin: false, stdout: false, stderr: false },
        columns: () => HELP_WIDTH,
        cwd: path.join(home, cwd),
        now: () => (argv[0] === 'init' ? STARTED : Temporal.Instant.from('2026-11-20T10:00:05Z')),
        zone: 'UTC',
        onStop: () => () => {},
        exit: () => {},
      }
      const exit = await main(shownArgv, io, backend)
      const typed = shownArgv.map((arg) => (/[\s;]/.test(arg) ? `"${arg}"` : arg)).join(' ')
      out.push(
        `$ tidemark ${same.text(typed)}`,
        ...same.text(text).trimEnd().split('\n'),
        ...(exit === 0 ? [] : [`(exit code ${exit})`]),
        '',
      )
    }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
  out.splice(-1, 1, '```', '')
  return out
}

/** Words that differ from session to session, each replaced by one that does not, before anything is aligned. */
function steadyWords(home) {
  const ids = new Map()
  let last = ''
  const text = (given) =>
    given
      .replaceAll(home, '~')
      .replaceAll(/\br-[0-9a-hjkmnp-tv-z]{5}\b/g, (id) => {
        if (!ids.has(id)) ids.set(id, `r-7k3f${ids.size}`)
        return ids.get(id)
      })
      .replaceAll(/\bg-[0-9a-hjkmnp-tv-z]{5}\b/g, 'g-2b9x4')
      .replaceAll(/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '2026-11-20T10:00:00.000Z')
      .replaceAll(/\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?/g, (time) =>
        time === REWIND_TO ? STEADY.rewound : Object.values(STEADY).includes(time) ? time : STEADY.watermark,
      )
      .replaceAll(/\bduckdb:\d+-\d+/g, 'duckdb:917546-1794996000123456789')
  return {
    text,
    lastRun: () => last,
    /** the real id behind one that was shown */
    real: (shown) => [...ids].find(([, steady]) => steady === shown)?.[0] ?? shown,
    document: (given) => {
      const steady = JSON.parse(
        text(JSON.stringify(given, (key, value) => (typeof value === 'bigint' ? { bigint: String(value) } : value))),
        (key, value) => {
          if (key === 'until' && value !== null) return STEADY.until
          if (key === 'duration_ms' && value > 0) return 200
          if (key === 'lag_ms' && value !== null) return 905_000
          if (key === 'age_ms' && value !== null) return 5_000
          return value !== null && typeof value === 'object' && typeof value.bigint === 'string'
            ? BigInt(value.bigint)
            : value
        },
      )
      last = steady?.runs?.findLast((run) => run.status === 'succeeded')?.run ?? last
      return steady
    },
  }
}

function steadyApp(app, same) {
  return new Proxy(app, {
    get: (target, name) => {
      const member = Reflect.get(target, name)
      if (typeof member !== 'function' || typeof name === 'symbol')
        return typeof member === 'function' ? member.bind(target) : member
      return async (...args) => {
        const emit = (given) => (event, fields) => given(event, same.document(fields))
        const real = args.map((arg) =>
          typeof arg === 'string' ? same.real(arg) : typeof arg === 'function' ? emit(arg) : arg,
        )
        const answer = await member.apply(target, real)
        return answer instanceof Map ? answer : same.document(answer)
      }
    },
  })
}
