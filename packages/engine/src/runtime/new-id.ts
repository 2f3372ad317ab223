import { randomInt } from 'node:crypto'

/** Crockford's digits in lower case: nothing that is misread when typed off a screen. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'

/** Random text a person can type. Five characters are 33 million ids: whoever stores them must expect a clash. */
export const newShortId = (length: number): string =>
  Array.from({ length }, () => DIGITS.charAt(randomInt(DIGITS.length))).join('')
