/** Three-way merge of one definition, field by field. Pure, and the same for every kind of row. */
import { canonicalJson, type Json, type JsonMap } from './canonical.ts'
import { dotted, fieldsOf, fieldText, type Path, pathOf, sameValue, withField } from './fields.ts'
import type { SecretContext } from './secrets.ts'

export interface FieldChange {
  readonly path: string
  readonly from: string | null
  readonly to: string | null
}

/** One definition with the names of the YAML, as each of the three has it. */
export interface Versions {
  readonly yaml: JsonMap
  readonly table: JsonMap
  /** what the last deploy wrote; null: no deploy ever did, so whatever differs is a person's */
  readonly base: JsonMap | null
}

export interface FieldRules {
  /** its fields mean nothing one by one: all of them are taken, or all of them are kept */
  readonly indivisible: boolean
  /** top-level keys that are one field, whatever is below them */
  readonly whole: ReadonlySet<string>
  readonly context: SecretContext
}

export interface MergedFields {
  /** what to write; null: what the table holds stays */
  readonly document: JsonMap | null
  readonly written: readonly FieldChange[]
  readonly kept: readonly FieldChange[]
  /** the record of the last deploy lags behind, and would take the next change of the YAML for an edit by hand */
  readonly stale: boolean
}

export function mergeFields(versions: Versions, rules: FieldRules, overwrite: boolean): MergedFields {
  const { yaml, base } = versions
  const differing = rules.indivisible ? wholeDocument(versions) : fieldByField(versions, rules.whole)
  const written = differing.filter((f) => overwrite || !f.byHand)
  const kept = differing.filter((f) => !overwrite && f.byHand)
  const change = (path: Path, from: Json | undefined, to: Json | undefined): FieldChange => ({
    path: dotted(path),
    from: fieldText(path, from, rules.context),
    to: fieldText(path, to, rules.context),
  })
  return {
    document: written.length === 0 ? null : withKept(yaml, kept),
    written: written.map((f) => change(f.path, f.table, f.yaml)),
    kept: kept.map((f) => change(f.path, f.yaml, f.table)),
    stale: base === null || canonicalJson(yaml) !== canonicalJson(base),
  }
}

/** Whether the versions differ in what `of` reads from them. */
export function differIn({ yaml, table, base }: Versions, of: (document: JsonMap) => Json | undefined): boolean {
  return new Set([yaml, table, ...(base === null ? [] : [base])].map(of)).size > 1
}

interface DifferingField {
  readonly path: Path
  readonly yaml: Json | undefined
  readonly table: Json | undefined
  /** the table no longer holds what the last deploy wrote */
  readonly byHand: boolean
}

function fieldByField({ yaml, table, base }: Versions, whole: ReadonlySet<string>): readonly DifferingField[] {
  const [ofYaml, ofTable, ofBase] = [fieldsOf(yaml, whole), fieldsOf(table, whole), base && fieldsOf(base, whole)]
  return [...new Set([...ofYaml.keys(), ...ofTable.keys()])].flatMap((key) => {
    const [mine, theirs] = [ofYaml.get(key), ofTable.get(key)]
    if (sameValue(mine, theirs)) return []
    const byHand = ofBase === null || !sameValue(theirs, ofBase.get(key))
    return [{ path: pathOf(key), yaml: mine, table: theirs, byHand }]
  })
}

function wholeDocument({ yaml, table, base }: Versions): readonly DifferingField[] {
  const byHand = base === null || !sameValue(table, base)
  return [...new Set([...Object.keys(yaml), ...Object.keys(table)])]
    .filter((key) => !sameValue(yaml[key], table[key]))
    .map((key) => ({ path: [key], yaml: yaml[key], table: table[key], byHand }))
}

/** The YAML with the fields that a person edited. Fields are taken out before others are put in, which may lie below. */
function withKept(yaml: JsonMap, kept: readonly DifferingField[]): JsonMap {
  const gone = kept.filter((f) => f.table === undefined)
  const there = kept.filter((f) => f.table !== undefined)
  return [...gone, ...there].reduce((document, { path, table }) => withField(document, path, table), yaml)
}
