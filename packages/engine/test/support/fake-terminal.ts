import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll } from 'vitest'
import type { App } from '../../src/app/app.ts'
import type { Backend, OpenAppOptions } from '../../src/cli/backend.ts'
import type { Io } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'
import { readConfig } from '../../src/runtime/config.ts'

export interface FakeIo {
  readonly io: Io
  readonly out: () => string
  readonly err: () => string
  /** everything in the order written */
  readonly all: () => string
  /** as if ^C was pressed */
  readonly stop: () => void
  readonly exits: readonly number[]
}

export interface FakeWishes {
  readonly tty?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly columns?: number
  /** what the person types */
  readonly typed?: string
  readonly cwd?: string
}

export const NOW = Temporal.Instant.from('2026-11-20T22:00:00Z')

export function fakeIo({
  tty = false,
  env = {},
  columns = 120,
  typed = '',
  cwd = projectFolder(),
}: FakeWishes = {}): FakeIo {
  const written: { readonly to: 'out' | 'err'; readonly text: string }[] = []
  const listeners = new Set<() => void>()
  const exits: number[] = []
  const stdin = new PassThrough()
  stdin.end(typed)
  const textOf = (which: (to: 'out' | 'err') => boolean) => (): string =>
    written
      .filter((w) => which(w.to))
      .map((w) => w.text)
      .join('')
  return {
    io: {
      stdout: { write: (text) => written.push({ to: 'out', text }) },
      stderr: { write: (text) => written.push({ to: 'err', text }) },
      stdin,
      configOf: (dir) => readConfig(dir, env),
      isTty: { stdin: tty, stdout: tty, stderr: tty },
      columns: () => columns,
      cwd,
      now: () => NOW,
      zone: 'Europe/London',
      onStop: (listener) => {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
      exit: (code) => void exits.push(code),
    },
    out: textOf((to) => to === 'out'),
    err: textOf((to) => to === 'err'),
    all: textOf(() => true),
    stop: () => {
      for (const listener of listeners) listener()
    },
    exits,
  }
}

const folders: string[] = []
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A folder that looks like a project; what is in it does not matter to a scripted App. */
export function projectFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-cli-'))
  folders.push(folder)
  writeFileSync(path.join(folder, 'tidemark.yaml'), 'project: test\n')
  return folder
}

export interface Played {
  readonly exit: number
  readonly out: string
  readonly err: string
  readonly all: string
  readonly opened: readonly OpenAppOptions[]
  readonly made: readonly { readonly path: string; readonly statements: readonly string[] }[]
}

/** Runs one command line against an App. */
export async function play(argv: readonly string[], app: App, wishes: FakeWishes = {}): Promise<Played> {
  const fake = fakeIo(wishes)
  const { backend, opened, made } = backendOf(app)
  const exit = await main(argv, fake.io, backend)
  return { exit, out: fake.out(), err: fake.err(), all: fake.all(), opened, made }
}

export function backendOf(app: App): {
  readonly backend: Backend
  readonly opened: readonly OpenAppOptions[]
  readonly made: readonly { readonly path: string; readonly statements: readonly string[] }[]
} {
  const opened: OpenAppOptions[] = []
  const made: { path: string; statements: readonly string[] }[] = []
  const backend: Backend = {
    runDemo: async ({ project, files, say }) => {
      say('one act\n')
      return {
        project: project ?? '/demo',
        command: 'npx tidemark',
        acts: [],
        differences: files === null ? 0n : 1n,
        stays: true,
      }
    },
    makeDatabase: async (file, statements) => void made.push({ path: file, statements }),
    openApp: async (options) => {
      opened.push(options)
      return app
    },
    diagnose: async () => ({ ok: true, checks: [] }),
    migrationSql: async () => 'create table run (id text);\n',
  }
  return { backend, opened, made }
}
