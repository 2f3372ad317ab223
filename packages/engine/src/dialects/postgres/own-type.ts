/** What PostgreSQL alone has: why a column cannot go to another system as it is, and what it can be cast to. */
import { findType } from './type-text.ts'
import { logicalTypeOf } from './types.ts'

/** null: the type has a logical one, and travels. */
export function ownType(text: string): string | null {
  if (logicalTypeOf(text) !== null) return null
  const type = findType(text)
  if (type === null) return `${text} is not known to this version`
  if (type.name === 'money')
    return "money has the currency and the digits of its server's lc_monetary: cast it to numeric(p,s)"
  if (type.name === 'numeric' && !type.array)
    return 'a numeric without a declared size has any number of digits: cast it to numeric(p,s)'
  const what = type.array
    ? 'an array'
    : type.user?.kind === 'row'
      ? 'a composite'
      : type.user === null
        ? text
        : `${type.name}, a type of its own,`
  return `${what} is known to PostgreSQL alone: cast it to text`
}
