/** The name of a SQL type as people write it: only its form is known here, the database that has it judges the rest. */
import { z } from 'zod'

const WORDS = '[A-Za-z_][A-Za-z0-9_]*(?: [A-Za-z_][A-Za-z0-9_]*)*'
/** `decimal(18, 4)`, `varchar(max)`, `timestamp(3) with time zone`, `integer[]`; a comment behind is how plans print some */
const TYPE = new RegExp(
  `^${WORDS}(?: ?\\( ?(?:\\d+|max)(?: ?, ?\\d+)* ?\\))?(?: ${WORDS})?(?:\\[\\d*\\])*(?: /\\* ?\\w+(?: \\w+)* ?\\*/)?$`,
  'i',
)

export const typeText = z.string().regex(TYPE, 'must be the name of a type, such as decimal(18,4)')
