import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { CompletionDocument, ErrorDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/command-table.ts'
import { fakeIo, play } from '../support/fake-terminal.ts'
import { scriptedApp } from '../support/scripted-app.ts'
import { emptyProject, flatProject, type Project } from './project.ts'

const BIN = path.resolve(import.meta.dirname, '../../bin/tidemark.js')
const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0

/** The words that `__complete` offers, without what they are. */
async function offered(p: Project, ...words: readonly string[]): Promise<readonly string[]> {
  const { exit, out, err } = await p.cli(['__complete', ...words])
  expect([exit, err]).toEqual([0, ''])
  return out.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']))
}

const FIRST_WORDS = [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0]))]

/** A real bash with the script that `completion bash` prints: what it offers for the last word. */
function inBash(p: Project, ...words: readonly string[]): readonly string[] {
  const launcher = p.path('tidemark')
  writeFileSync(launcher, `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`)
  chmodSync(launcher, 0o755)
  const script = `source <("$1" completion bash)
complete -p tidemark >&2 || exit 9
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 ))
_tidemark
printf '%s\\n' "\${COMPREPLY[@]}"`
  const out = execFileSync('bash', ['-c', script, 'bash', launcher, ...words], {
    cwd: p.dir,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return out.split('\n').filter((line) => line !== '')
}

test('completion offers commands, options and the names of the project, from the YAML before anything is deployed', async () => {
  await using p = await flatProject()
  expect(await offered(p, '')).toEqual(FIRST_WORDS)
  expect(await offered(p, 're')).toEqual(['resume', 'reset', 'rewind', 'rejects', 'retire'])
  expect(await offered(p, 'import', '')).toEqual(['blobdelta'])
  expect(await offered(p, 'import', 'blobdelta', '--connection', '')).toEqual(['a', 'b'])
  expect(await offered(p, 'retire', '--connection=')).toEqual(['--connection=a', '--connection=b'])
  expect(await offered(p, 'schedule', '--sql-agent', '--module', '')).toEqual(['m'])
  expect(await offered(p, 'rejects', '')).toEqual(['list', 'retry', 'dismiss'])
  expect(await offered(p, 'rejects', 'dismiss', '--all')).toEqual(['--all-open'])
  expect(await offered(p, 'rejects', 'retry', 'm')).toEqual(['m.t'])
  expect(await offered(p, 'runs', '')).toEqual(['prune', 'm.t'])
  expect(await offered(p, 'run', 'm')).toEqual(['m.t'])
  await p.ok('run', 'm.t')
  p.store(`insert into task (module, id, type, transformation_config) values ('m', 'by-hand', 'flow', '{}')`)
  p.store(`update task set source_config = '{"conection":"x"}' where id = 'by-hand'`)
  // also what has a fault can be named
  expect((await offered(p, 'plan', '')).toSorted()).toEqual(['m.by-hand', 'm.t'])
  expect(await offered(p, 'run', 'm.t', 'm.')).toEqual(['m.by-hand'])
  expect(await offered(p, 'run', '--module', '')).toEqual(['m'])
  expect(await offered(p, 'run', '--module=')).toEqual(['--module=m'])
  expect(await offered(p, 'run', '--module', '=', 'm')).toEqual(['m'])
  expect(await offered(p, 'run', '--scope', 'bu', '=', 'N', 'm.t')).toEqual(['m.t'])
  expect(await offered(p, 'prepare', '')).toEqual(['a', 'b'])
  const id = String(p.store('select id from run')[0]?.['id'])
  expect(await offered(p, 'show', 'r-')).toEqual([id])
  expect((await p.cli(['__complete', 'show', ''])).out).toBe(`${id}\tm.t, succeeded\n`)
  expect(await offered(p, 'explain', 'TM900')).toEqual(['TM9001', 'TM9002'])
  expect(await offered(p, 'run', '--lane', '')).toEqual(['pushdown', 'relay', 'spool'])
})

test('completion offers each option once, those that repeat again, and no word where a value is free or a file', async () => {
  await using p = await flatProject()
  expect(await offered(p, 'run', '--fu')).toEqual(['--full'])
  expect(await offered(p, 'run', '--full', '--fu')).toEqual([])
  expect(await offered(p, 'run', '--scope', 'a=1', '--sc')).toEqual(['--scope'])
  expect(await offered(p, 'status', '--')).toEqual(['--project', '--json', '--no-color', '--help'])
  expect(await offered(p, 'rewind', 'm.t', '--to', '')).toEqual([])
  expect(await offered(p, 'deploy', '')).toEqual([])
  expect(await offered(p, 'status', '')).toEqual([])
  expect(await offered(p, '--project', p.dir, 'run', '')).toEqual(['m.t'])
})

test('completion never fails loudly: no project, a broken one and a damaged store are no answer', async () => {
  await using home = emptyProject()
  expect(await offered(home, 'run', '')).toEqual([])
  expect(await offered(home, 'nonsense', '')).toEqual(FIRST_WORDS)
  expect(await offered(home)).toEqual(FIRST_WORDS)
  await using p = await flatProject()
  await p.ok('deploy')
  p.write('.tidemark/control.db', 'no database, but a text. '.repeat(200))
  expect(await offered(p, 'run', '')).toEqual([])
  p.write('tidemark.yaml', 'project: [')
  expect(await offered(p, 'run', '')).toEqual([])
})

test.runIf(has('bash'))('a real bash completes commands, flows, modules and runs with the script', async () => {
  await using p = await flatProject()
  await p.ok('run', 'm.t')
  const id = String(p.store('select id from run')[0]?.['id'])
  expect(inBash(p, 'doc')).toEqual(['doctor'])
  expect(inBash(p, 'run', '')).toEqual(['m.t'])
  expect(inBash(p, 'run', '--module', '=', '')).toEqual(['m'])
  expect(inBash(p, 'show', '')).toEqual([id])
  expect(inBash(p, 'deploy', '')).toEqual([])
})

test('each shell gets a script that asks the program, and another shell is refused with the choice', async () => {
  for (const [shell, hook] of [
    ['bash', 'complete -o default -F _tidemark tidemark'],
    ['zsh', 'compdef _tidemark tidemark'],
    ['fish', "complete -c tidemark -f -a '(__tidemark_complete)'"],
  ]) {
    const { out, exit } = await play(['completion', shell ?? '', '--json'], scriptedApp().app, { cwd: '/' })
    const { script } = CompletionDocument.parse(JSON.parse(out))
    expect([exit, script.includes(hook ?? ''), script.includes('__complete')]).toEqual([0, true, true])
    if (has(shell ?? '')) execFileSync(shell ?? '', ['-n'], { input: script })
    // every block that is opened is closed
    const count = (word: RegExp): number => script.match(word)?.length ?? 0
    expect(count(/^\s*(?:if|while|function)\b/gm)).toBe(count(/^\s*(?:fi|done|end)\b/gm))
    expect([count(/\{/g), count(/\(/g)]).toEqual([count(/\}/g), count(/\)/g)])
  }
  const { out } = await play(['completion', 'fsh', '--json'], scriptedApp().app)
  expect(ErrorDocument.parse(JSON.parse(out)).error.message).toContain('completion is for bash, zsh, fish, not "fsh"')
  expect(fakeIo().exits).toEqual([])
})
