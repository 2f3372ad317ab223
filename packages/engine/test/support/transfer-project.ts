/** A project in a temporary folder whose flows are run in this process, between real servers. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PlanDocument, RunDocument } from '@tidemark/contract/api'
import type { App } from '../../src/app/app.ts'
import { openApp } from '../../src/app/wire.ts'
import { readConfig } from '../../src/runtime/config.ts'
import type { Hit } from '../../src/runtime/failpoint.ts'
import { AS_IT_STANDS, type RunWish } from './run-wish.ts'

export type RunOf = RunDocument['runs'][number]

export class TransferProject implements AsyncDisposable {
  readonly dir: string
  readonly app: App

  private constructor(app: App, dir: string) {
    this.app = app
    this.dir = dir
  }

  /** `connections`: YAML of each; `flow`: YAML of the one task's flow, four blanks in. */
  static async open(connections: Readonly<Record<string, string>>, flow: string, hit?: Hit): Promise<TransferProject> {
    const dir = mkdtempSync(join(tmpdir(), 'tidemark-transfer-'))
    mkdirSync(join(dir, 'modules'))
    const lines = Object.entries(connections).map(([name, text]) => `  ${name}: ${text}\n`)
    writeFileSync(join(dir, 'tidemark.yaml'), `project: transfer\nconnections:\n${lines.join('')}`)
    writeFileSync(join(dir, 'modules', 'm.yaml'), `module: m\ntasks:\n  - id: t\n    flow:\n${flow}`)
    const app = await openApp({
      projectDir: dir,
      actor: 'tester',
      command: 'test',
      config: readConfig(null, {}),
      hardSignal: new AbortController().signal,
      ...(hit ? { hit } : {}),
    })
    await app.deploy({ path: null, dryRun: false, overwrite: false })
    return new TransferProject(app, dir)
  }

  runAll(wish: RunWish = {}, emit: Parameters<App['run']>[1] = () => {}): Promise<RunDocument> {
    return this.app.run({ ...AS_IT_STANDS, ...wish }, emit, new AbortController().signal)
  }

  /** The last of the command's runs. */
  async run(wish: RunWish = {}): Promise<RunOf> {
    const run = (await this.runAll(wish)).runs.at(-1)
    if (run === undefined) throw new TypeError('no run')
    return run
  }

  async plan(wish: RunWish = {}): Promise<PlanDocument['plans'][number]> {
    const { plans } = await this.app.plan({ ...AS_IT_STANDS, ...wish }, new AbortController().signal)
    const [plan] = plans
    if (plan === undefined) throw new TypeError('no plan')
    return plan
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app[Symbol.asyncDispose]()
    rmSync(this.dir, { recursive: true, force: true })
  }
}
