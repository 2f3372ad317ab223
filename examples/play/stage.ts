/** What an example plays with: the real command line in a project of its own, scripts of SQL, and a narrator. */
import { rmSync } from 'node:fs'
import path from 'node:path'
import type { RunsDocument } from '@tidemark/contract/api'
import type { SnapshotsDocument } from '@tidemark/contract/snapshot-documents'
import { CommandLine } from '../../packages/engine/src/demo/command-line.ts'
import type { Narrator } from '../../packages/engine/src/demo/narrator.ts'
import type { Databases } from './databases.ts'
import type { Servers } from './server.ts'
import { runSqlScript, type SqlRow } from './sql-script.ts'

type DieAt = NonNullable<Parameters<CommandLine['play']>[1]>
type Run = RunsDocument['runs'][number]

/** What `play.ts` of an example exports. */
export interface Story {
  readonly play: (stage: Stage) => Promise<void>
  /** the PostgreSQL databases that it needs; none when left out */
  readonly databases?: Databases
  /** other systems that `--on` may name, with the databases needed there: `on/NAME` has what of its files is another there */
  readonly on?: Readonly<Record<string, Databases>>
  /** it plays on a SQL Server, or on DuckDB where there is none; no when left out */
  readonly server?: Servers
}

export interface StageDeps {
  readonly project: string
  readonly narrator: Narrator
  readonly signal: AbortSignal
  /** what `--on` names; absent: nothing */
  readonly on?: string
}

export class Stage {
  readonly #deps: StageDeps
  readonly #tidemark: CommandLine

  constructor(deps: StageDeps) {
    this.#deps = deps
    this.#tidemark = new CommandLine(deps.project, deps.signal)
  }

  /** What `--on` names; null: nothing. */
  get on(): string | null {
    return this.#deps.on ?? null
  }

  act(title: string, ...lines: readonly string[]): void {
    this.#deps.narrator.act(title)
    this.text(...lines)
  }

  text(...lines: readonly string[]): void {
    this.#deps.narrator.text(...lines)
  }

  /** Runs a script of the example's folder `sql`, as psql or `duckdb < sql/NAME` would; the last statement's rows of DuckDB. */
  async sql(name: string): Promise<readonly SqlRow[]> {
    this.text(`▷ sql/${name}`)
    return await runSqlScript(this.#deps.project, `sql/${name}`, this.#deps.signal)
  }

  /** As `rm -r` would. */
  lose(folder: string): void {
    this.text(`▷ rm -r ${folder}`)
    rmSync(path.join(this.#deps.project, folder), { recursive: true })
  }

  /** Runs a script that leaves its transaction open at its line `-- meanwhile`, until `work` is done. */
  async sqlAround(name: string, work: () => Promise<void>): Promise<void> {
    this.text(`▷ sql/${name}, whose transaction stays open`)
    await runSqlScript(this.#deps.project, `sql/${name}`, this.#deps.signal, async () => {
      await work()
      this.text(`▷ sql/${name} goes on, and commits`)
    })
  }

  /** Types a command and shows what it answers; the example ends where the exit code is another one. */
  async tidemark(typed: string, { exit = 0 }: { readonly exit?: number } = {}): Promise<string> {
    const { narrator } = this.#deps
    narrator.command(`tidemark ${typed}`)
    const ended = await this.#tidemark.play(typed.split(' '))
    const error = /^TM\d{4} [^]*/m.exec(ended.stderr)?.[0] ?? ''
    narrator.quote(ended.stdout.includes(error) ? ended.stdout : ended.stdout + error)
    if (exit !== 0 || ended.exit !== exit)
      narrator.check(ended.exit === exit, `exit code ${exit}`, `exit code ${ended.exit}: ${ended.stderr}`)
    return ended.stdout + ended.stderr
  }

  /** Types a command that kills itself in mid-work, as a power cut would. */
  async crash(typed: string, dieAt: DieAt): Promise<void> {
    const { narrator } = this.#deps
    narrator.command(`TIDEMARK_FAILPOINT=${dieAt} tidemark ${typed}`)
    const ended = await this.#tidemark.play(typed.split(' '), dieAt)
    narrator.check(ended.signal === 'SIGKILL', 'it is dead: SIGKILL, no goodbye', `exit code ${ended.exit}`)
  }

  /** The newest run of a flow, as the ledger has it. */
  async lastRun(flow: string): Promise<Run> {
    const { runs } = await this.#tidemark.runs(flow)
    const [run] = runs
    if (run === undefined) throw new Error(`${flow} has no run`)
    return run
  }

  /** What the flow keeps, the newest first. */
  async snapshots(flow: string): Promise<SnapshotsDocument['snapshots']> {
    return (await this.#tidemark.snapshots(flow)).snapshots
  }

  /** Says that the newest run of a flow did just that, or ends the example. */
  async did(
    flow: string,
    what: string,
    wanted: Partial<Run['rows']> & { readonly status?: Run['status'] },
  ): Promise<void> {
    const { status, rows } = await this.lastRun(flow)
    const found: Readonly<Record<string, unknown>> = { status, ...rows }
    const holds = Object.entries({ status: 'succeeded', ...wanted }).every(([key, value]) => found[key] === value)
    this.check(holds, what, JSON.stringify(found))
  }

  check(holds: boolean, what: string, found: string): void {
    this.#deps.narrator.check(holds, what, found)
  }
}
