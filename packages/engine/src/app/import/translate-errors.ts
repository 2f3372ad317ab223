/** Error policies of an installation as `on_error`: numbers of SQL Server become our codes, where the two are about the same. Pure. */
import type { ErrorCode } from '@tidemark/contract/error-codes'
import { isAboutRows } from '@tidemark/contract/error-policy'
import type { JsonMap } from '../../definition/canonical.ts'
import type { Difference } from './difference.ts'
import type { InstalledRow } from './read-installation.ts'
import type { StepName } from './script-meaning.ts'

type Row = InstalledRow<'errorPolicy'>

/** The codes that errors of these numbers end in. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  '-2': 'TM2005', // a timeout of the client's
  '207': 'TM4002',
  '208': 'TM4001',
  '245': 'TM5001',
  '515': 'TM5009',
  '547': 'TM5001',
  '1105': 'TM2004',
  '1205': 'TM5003',
  '1222': 'TM5003',
  '2601': 'TM5010',
  '2627': 'TM5010',
  '2628': 'TM5001',
  '3960': 'TM5003',
  '4060': 'TM2001',
  '8114': 'TM5001',
  '8115': 'TM5001',
  '8152': 'TM5001',
  '9002': 'TM2004',
  '10053': 'TM2005',
  '10054': 'TM2005',
  '10928': 'TM2005',
  '10929': 'TM2005',
  '18456': 'TM2001',
  '40197': 'TM2005',
  '40501': 'TM2005',
  '40613': 'TM2005',
}
/** what the procedures themselves raise */
const OWN_ERRORS = 50_000
/** worth another attempt */
const PASSING: ReadonlySet<ErrorCode> = new Set(['TM2005', 'TM5003'])

export interface TranslatedErrors {
  readonly policies: readonly JsonMap[]
  /** some of them keep rows out */
  readonly quarantines: boolean
  readonly differences: readonly Difference[]
}

/** For one table; null: of all tables. */
export function translateErrors(rows: readonly Row[], table: string | null, subject: string): TranslatedErrors {
  const own = rows.filter(
    (row) => (row.table === null ? null : fold(row.table)) === (table === null ? null : fold(table)),
  )
  const raised = own.filter((row) => isOwn(row))
  const read = own.filter((row) => !isOwn(row)).map((row) => translate(row, subject))
  const policies = read.flatMap(({ policy }) => (policy === null ? [] : [policy]))
  const unique = [...new Map(policies.sort(narrowFirst).map((p) => [JSON.stringify(p), p])).values()]
  return {
    policies: unique,
    quarantines: unique.some((p) => p['do'] === 'quarantine'),
    differences: [...read.flatMap((r) => r.differences), ...aboutOwn(raised, subject)],
  }
}

const fold = (text: string): string => text.toLowerCase()
const isOwn = ({ number }: Row): boolean =>
  number !== null && Number(number) >= OWN_ERRORS && CODES[number] === undefined

/** The first that matches decides, so what is said of one step comes before what is said of all. */
const narrowFirst = (a: JsonMap, b: JsonMap): number => Number('step' in b) - Number('step' in a)

interface Translated {
  readonly policy: JsonMap | null
  readonly differences: readonly Difference[]
}

function translate(row: Row, subject: string): Translated {
  const fatal = isOn(row.fatal)
  const was = `error ${row.number ?? 'of any number'}${row.pattern === null ? '' : ` like "${row.pattern}"`} is ${fatal ? 'fatal' : 'passed over'}`
  const refuse = (now: string): Translated => ({ policy: null, differences: [{ kind: 'refused', subject, was, now }] })
  const code = row.number === null ? undefined : CODES[row.number]
  if (row.number === null)
    return refuse(
      'policies are told by codes, not by messages: after a failure, tidemark show RUN names the code for on_error',
    )
  if (code === undefined)
    return refuse('no code of its own: after a failure, tidemark show RUN names the code for on_error')
  const step = row.step === null ? null : stepOf(row.step)
  if (step === undefined) return refuse(`step ${row.step} is none of roots, ancestors and children`)
  const at = step === null ? {} : { step }
  const of = (policy: JsonMap, now: string | null): Translated => ({
    policy: { code, ...at, ...policy },
    differences: now === null ? [] : [{ kind: 'behaviour', subject, was, now }],
  })
  if (fatal) return of({ do: 'fatal' }, row.pattern === null ? null : `every ${code} is fatal, whatever its message`)
  if (row.pattern !== null && !isOfNumber(row.pattern))
    return refuse(`${code} would be answered so whatever its message: add it to on_error if that is meant`)
  if (PASSING.has(code))
    return of({ do: 'retry' }, `${code} is tried again, and then fails the run: no batch is left out`)
  if (isAboutRows(code))
    return of(
      { do: 'quarantine' },
      `rows that ${code} is about are kept as rejects until they land or are dismissed; the others land`,
    )
  return refuse(`${code} fails the run: it is not about rows that could be kept out`)
}

/** A pattern that is only the number's own message again, as far as it can be told: it begins with words and ends open. */
const isOfNumber = (pattern: string): boolean => /^\p{L}[^%_['"]*%$/u.test(pattern) || pattern === '%'

/** `1` or `Roots`; undefined: no step of ours. */
export function stepOf(text: string): StepName | undefined {
  if (/^1$|root/i.test(text)) return 'roots'
  if (/^2$|parent|ancestor/i.test(text)) return 'ancestors'
  return /^3$|child/i.test(text) ? 'children' : undefined
}

export const isOn = (flag: string | null): boolean => flag === '1' || flag?.toLowerCase() === 'true'

function aboutOwn(rows: readonly Row[], subject: string): readonly Difference[] {
  if (rows.length === 0) return []
  const what = rows.length === 1 ? 'a policy' : `${rows.length} policies`
  return [
    {
      kind: 'behaviour',
      subject,
      was: `${what} for errors that the procedures raise themselves (from ${OWN_ERRORS} on)`,
      now: 'left out: what they guard against is refused by check and plan, with a code and the place',
    },
  ]
}
