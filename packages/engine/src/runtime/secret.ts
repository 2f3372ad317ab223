import { inspect } from 'node:util'

/** Prints as [secret] in logs, JSON and template strings; it must be opened on purpose. */
export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  reveal(): string {
    return this.#value
  }
  toString(): string {
    return '[secret]'
  }
  toJSON(): string {
    return '[secret]'
  }
  [inspect.custom](): string {
    return '[secret]'
  }
}

/** `env:NAME` or `file:PATH` for a whole value, `${env:NAME}` or `${file:PATH}` inside one. */
export type Reference = { readonly from: 'env' | 'file'; readonly name: string }

const WHOLE = /^(env|file):(.+)$/s
const INSIDE = /\$\{(env|file):([^}]+)\}/g

export const isWholeReference = (text: string): boolean => WHOLE.test(text)
export const withoutReferences = (text: string): string => (isWholeReference(text) ? '' : text.replace(INSIDE, ''))
export const hasReference = (text: string): boolean => withoutReferences(text) !== text

/** Every reference in the text. */
export function referencesIn(text: string): readonly Reference[] {
  const whole = WHOLE.exec(text)
  const found = whole === null ? [...text.matchAll(INSIDE)] : [whole]
  return found.map(([, from, name]) => ({ from: from as Reference['from'], name: name ?? '' }))
}

/**
 * The text with its references replaced; a text without references is returned as it is, and is no secret. What goes
 * into the user or password of a URL is percent-encoded there.
 */
export function resolveReferences(text: string, lookup: (reference: Reference) => string): string | Secret {
  const whole = WHOLE.exec(text)
  if (whole !== null) return new Secret(lookup({ from: whole[1] as Reference['from'], name: whole[2] ?? '' }))
  if (!hasReference(text)) return text
  // before the host of a URL, no character of a name or password may end it early
  const credentials = /^[a-z][a-z0-9+.-]*:\/\/.*@/is.exec(text)?.[0].length ?? 0
  return new Secret(
    text.replace(INSIDE, (_, from: Reference['from'], name: string, at: number) => {
      const value = lookup({ from, name })
      return at < credentials ? encodeURIComponent(value) : value
    }),
  )
}
