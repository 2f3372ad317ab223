/**
 * PostgreSQL's text of a type, as `format_type` prints it with an empty search path, taken apart. A type that somebody
 * made says in a comment behind its name what it is: `public.mood` followed by `enum ["sad","ok"]`. So the text alone tells
 * one from another of the same name, and is SQL as it stands.
 */

/** What a type of somebody's own is made of. */
export type UserType =
  | { readonly kind: 'enum'; readonly labels: readonly string[] }
  | { readonly kind: 'row'; readonly fields: readonly { readonly name: string; readonly type: string }[] }
  | { readonly kind: 'range'; readonly of: string }
  /** of an extension: its values are known by their text alone */
  | { readonly kind: 'base'; readonly extension: string }

export interface PgType {
  /** the element's, where it is an array: `numeric`, `timestamp without time zone`, `public.mood` */
  readonly name: string
  /** of `numeric(10,2)`, `character varying(20)`, `timestamp(3)`; null: none */
  readonly modifiers: readonly number[] | null
  readonly array: boolean
  readonly user: UserType | null
}

const TEXT =
  /^(?<name>[^([/]+?)(?:\((?<modifiers>-?\d+(?:,-?\d+)?)\)(?<rest> [a-z ]+)?)?(?<array>\[\])?(?: \/\* (?<user>.*) \*\/)?$/su

/** Names that the parser of SQL knows and the catalog does not print. */
const ALIASES: Readonly<Record<string, string>> = {
  varchar: 'character varying',
  char: 'character',
  bpchar: 'character',
  decimal: 'numeric',
  int: 'integer',
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  time: 'time without time zone',
  timetz: 'time with time zone',
  varbit: 'bit varying',
}

/** null: no type that this version can read. */
export function findType(text: string): PgType | null {
  const quoted = /^(?:"(?:[^"]|"")*"|[^"([/]+?)(?:\.(?:"(?:[^"]|"")*"|[^"([/. ]+))?/u.exec(text)?.[0]
  const name = quoted?.includes('"') === true ? quoted : null
  // a quoted name may hold brackets: it is taken out before the rest is read
  const { groups } = TEXT.exec(name === null ? text : `x${text.slice(name.length)}`) ?? {}
  if (groups === undefined) return null
  const plain = name ?? `${groups['name'] ?? ''}${groups['rest'] ?? ''}`
  const user = groups['user'] === undefined ? null : findUserType(groups['user'])
  if (groups['user'] !== undefined && user === null) return null
  const key = plain.toLowerCase()
  return {
    name: name === null && Object.hasOwn(ALIASES, key) ? (ALIASES[key] ?? plain) : plain,
    modifiers: groups['modifiers']?.split(',').map(Number) ?? null,
    array: groups['array'] !== undefined,
    user,
  }
}

function findUserType(text: string): UserType | null {
  const [, kind, json = ''] = /^(enum|row|range|base) (.*)$/su.exec(text) ?? []
  try {
    const value: unknown = JSON.parse(json)
    switch (kind) {
      case 'enum':
        return Array.isArray(value) ? { kind, labels: value.map(String) } : null
      case 'row':
        return Array.isArray(value)
          ? {
              kind,
              fields: value.map(([name, type]: readonly unknown[]) => ({ name: String(name), type: String(type) })),
            }
          : null
      case 'range':
        return typeof value === 'string' ? { kind, of: value } : null
      case 'base':
        return typeof value === 'string' ? { kind, extension: value } : null
      default:
        return null
    }
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** The type of an array's elements. */
export const elementOf = (type: PgType): PgType => ({ ...type, array: false })

/** As SQL writes it, without what the comment says. */
export function formatType({ name, modifiers, array }: PgType): string {
  const [, word, zone] = / (with(?:out)? time zone)$/.test(name) ? (/^(\w+) (with.*)$/.exec(name) ?? []) : []
  const inner = modifiers === null ? '' : `(${modifiers.join(',')})`
  const single = word !== undefined && zone !== undefined ? `${word}${inner} ${zone}` : `${name}${inner}`
  return array ? `${single}[]` : single
}
