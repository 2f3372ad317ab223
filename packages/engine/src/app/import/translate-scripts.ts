/** The scripts of one table's steps as what they add to its flow. Pure. */
import type { JsonMap } from '../../definition/canonical.ts'
import type { Difference } from './difference.ts'
import { ScriptError } from './parse-script.ts'
import type { InstalledRow } from './read-installation.ts'
import { meaningOf, type ScriptMeaning, type ScriptNames, type StepName, type Units } from './script-meaning.ts'
import { isOn, stepOf } from './translate-errors.ts'

export interface LeftScript {
  readonly step: string
  readonly text: string
  readonly why: string
}

export interface TranslatedScripts {
  /** that the scripts insert; null: there are none */
  readonly columns: readonly string[] | null
  readonly joins: readonly JsonMap[]
  readonly where: readonly JsonMap[]
  /** step → its template and the threads of its statements */
  readonly steps: Readonly<Record<string, JsonMap>>
  /** null where scripts do not ask for units; absent where there is no script */
  readonly units: Units | null | undefined
  /** not taken over: the flow may not run without them */
  readonly left: readonly LeftScript[]
  readonly differences: readonly Difference[]
}

type Script = InstalledRow<'stepScript'>
type Meanings = ReadonlyMap<StepName, ScriptMeaning>

/** Parallel plans of the step that inserts ancestors are known to fail. */
const ANCESTORS_DOP = 1

export function translateScripts(
  scripts: readonly Script[],
  table: string,
  names: ScriptNames,
  dop: number,
  subject: string,
): TranslatedScripts {
  const meanings = new Map<StepName, ScriptMeaning>()
  const left: LeftScript[] = []
  for (const script of ofTable(scripts, table)) {
    const step = stepOf(script.step ?? '')
    const text = script.body ?? ''
    try {
      if (step === undefined) throw new ScriptError(`step ${script.step} is none of roots, ancestors and children`)
      meanings.set(step, meaningOf(text, step, names))
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error
      left.push({ step: step ?? script.step ?? '', text, why: error.message })
    }
  }
  left.push(...disagreements(meanings, ofTable(scripts, table)))
  const some = meanings.get('children') ?? meanings.get('roots') ?? meanings.get('ancestors')
  return {
    columns: some?.columns ?? null,
    joins: some?.joins ?? [],
    where: some?.where ?? [],
    steps: stepsOf(meanings, dop),
    units: meanings.size === 0 ? undefined : (some?.units ?? null),
    left,
    differences: [...aboutScripts(meanings, dop, subject), ...left.map((script) => aboutLeft(script, subject))],
  }
}

const fold = (text: string): string => text.toLowerCase()

/** Those of the table itself count before those of all. */
function ofTable(scripts: readonly Script[], table: string): readonly Script[] {
  const mine = scripts.filter((s) => s.active === null || isOn(s.active))
  const own = mine.filter((s) => s.table !== null && fold(s.table) === fold(table))
  const general = mine.filter((s) => s.table === null && !own.some((o) => o.step === s.step))
  return [...own, ...general]
}

/** What a flow says once for all of its steps has to be the same in the scripts of each. */
function disagreements(meanings: Meanings, scripts: readonly Script[]): readonly LeftScript[] {
  const [first, ...others] = [...meanings].filter(([step]) => step !== 'ancestors')
  if (first === undefined) return []
  const all = [...others, ...[...meanings].filter(([step]) => step === 'ancestors')]
  return all.flatMap(([step, meaning]) => {
    const why = differs(first[1], meaning, step === 'ancestors')
    const text = scripts.find((s) => stepOf(s.step ?? '') === step)?.body ?? ''
    return why === null ? [] : [{ step, text, why: `${why} than the script of ${first[0]}` }]
  })
}

function differs(a: ScriptMeaning, b: ScriptMeaning, onlyColumns: boolean): string | null {
  const names = (m: ScriptMeaning): string => JSON.stringify(m.columns.map(fold).toSorted())
  if (names(a) !== names(b)) return 'it inserts other columns'
  if (onlyColumns) return null
  if (JSON.stringify([a.where, a.joins]) !== JSON.stringify([b.where, b.joins])) return 'it takes other rows'
  return JSON.stringify(a.units) === JSON.stringify(b.units) ? null : 'it finds other business units'
}

function stepsOf(meanings: Meanings, dop: number): Readonly<Record<string, JsonMap>> {
  const steps: Record<string, JsonMap> = { ancestors: { max_dop: ANCESTORS_DOP } }
  for (const [step, { batch, maxDop }] of meanings) {
    const threads = step === 'ancestors' ? ANCESTORS_DOP : maxDop === 'MaxDOP' ? dop : maxDop
    steps[step] = { ...(batch === null ? {} : { batch }), ...(threads === null ? {} : { max_dop: threads }) }
  }
  return Object.fromEntries(
    ['roots', 'ancestors', 'children'].flatMap((step) => {
      const own = steps[step]
      return own === undefined || Object.keys(own).length === 0 ? [] : [[step, own]]
    }),
  )
}

function* aboutScripts(meanings: Meanings, dop: number, subject: string): Generator<Difference> {
  const differ = (was: string, now: string): Difference => ({ kind: 'behaviour', subject, was, now })
  const of = (step: StepName): ScriptMeaning | undefined => meanings.get(step)
  const both = [of('roots'), of('children')].filter((m) => m !== undefined)
  const ancestors = of('ancestors')?.maxDop
  const was = ancestors === 'MaxDOP' ? dop : (ancestors ?? null)
  if (was !== null && was > ANCESTORS_DOP)
    yield differ(`parents are inserted with MAXDOP ${was}`, `with MAXDOP ${ANCESTORS_DOP}: parallel plans of it fail`)
  if (both.some((m) => !m.narrows))
    yield differ(
      '@BusinessUnitId changes nothing: no script of it asks for the parameter',
      '--scope business_unit=ID takes that unit alone, and keeps a watermark of its own',
    )
  if (both.some((m) => m.where.length > 0))
    yield differ(
      'conditions in the scripts',
      'are the where: of the flow: rows that they leave out come only as parents of others',
    )
  if ([...meanings.values()].some((m) => m.batch !== null))
    yield differ('values computed in a script', 'are computed by a batch template of that step')
}

const aboutLeft = ({ step, why }: LeftScript, subject: string): Difference => ({
  kind: 'refused',
  subject,
  was: `the script of step ${step}: ${why}`,
  now: `the task is switched off, and the script stands below the YAML: put what it asks into where:, join: or columns:, or what it computes into steps: { ${step}: { batch: … } }, then take active: false out`,
})
