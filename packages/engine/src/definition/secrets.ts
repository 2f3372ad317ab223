/** Literal secrets in definitions. The value is found, hidden from frames, and never repeated. */
import { isWholeReference, withoutReferences } from '../runtime/secret.ts'
import type { Located } from './located.ts'
import { type DefinitionProblem, inFile, type Place } from './problem.ts'

const SECRET_NAME =
  /(?:^|_|-)(?:password|passwd|pwd|passphrase|secret|token|api_?key|access_?key|account_?key|private_?key|credentials?)$/i
/** `key` alone is a secret of a connection, but a list of columns in a flow. */
const CONNECTION_SECRET_NAME = /(?:^|_|-)key$/i
/** `scheme://user:password@host`, `;Password=…`, `?token=…`, once references are taken out */
const PASSWORD_IN_TEXT =
  /:\/\/[^\s/@:]*:[^\s@]+@|(?:^|[;?&])\s*(?:password|pwd|passwd|secret|token|access_?key|api_?key)\s*=\s*[^;&\s]/i

/** `flow`: its mapping keys may be columns of the user, so only passwords inside text count. */
export type SecretContext = 'connection' | 'config' | 'flow'

export function literalSecrets(
  located: Located,
  context: SecretContext,
  task: string | null,
): readonly DefinitionProblem[] {
  return [...scan(located, [], context, task)]
}

function* scan(
  located: Located,
  path: readonly string[],
  context: SecretContext,
  task: string | null,
): Generator<DefinitionProblem> {
  if (located.kind === 'list') for (const item of located.items) yield* scan(item, path, context, task)
  else if (located.kind === 'map')
    for (const [key, { value }] of located.entries) yield* scan(value, [...path, key], context, task)
  else if (typeof located.value !== 'boolean' && located.value !== null) {
    const found = secretIn(path, String(located.value), context)
    if (found === null) return
    hide(located.place)
    yield { code: 'TM1015', message: found, hint: null, place: located.place, task }
  }
}

/** What is secret about a value, in words that do not give it away; null: nothing. `path`: of the keys it stands under. */
export function secretIn(path: readonly string[], text: string, context: SecretContext): string | null {
  const clear = isWholeReference(text) ? '' : withoutReferences(text)
  if (isSecretName(path, context) && clear !== '') return `the value of "${path.at(-1)}"`
  return PASSWORD_IN_TEXT.test(clear) ? 'a password inside a value' : null
}

function isSecretName(path: readonly string[], context: SecretContext): boolean {
  const name = path.at(-1) ?? ''
  const [part, kind] = path
  // the key of a mask, in the definition of a flow or in a difference of one
  if (context !== 'connection' && part === 'columns' && kind === 'mask' && path.length === 4)
    return name === 'hash' || name === 'key'
  // columns of the user's files
  if (context === 'connection' && part === 'csv' && kind === 'columns') return false
  return (
    context !== 'flow' && (SECRET_NAME.test(name) || (context === 'connection' && CONNECTION_SECRET_NAME.test(name)))
  )
}

/** A block of text may go over several lines. */
function hide(place: Place): void {
  if (!inFile(place)) return
  let left = place.length
  for (let line = place.line; left > 0 && line <= place.source.lines.length; line++) {
    place.source.hidden.add(line)
    left -= (place.source.lines[line - 1]?.length ?? 0) + 1 - (line === place.line ? place.column - 1 : 0)
  }
}
