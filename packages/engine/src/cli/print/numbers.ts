/** Numbers as people read them: thousands apart, units short. */
export type CountLike = number | string | bigint

/** `1240113` → `1 240 113` */
export const count = (n: CountLike): string => String(n).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ')

/** `1 row`, `2 rows` */
export const counted = (n: CountLike, noun: string, plural = `${noun}s`): string =>
  `${count(n)} ${String(n) === '1' ? noun : plural}`

export const isZero = (n: CountLike): boolean => BigInt(n) === 0n
export const sum = (numbers: readonly CountLike[]): bigint =>
  numbers.reduce<bigint>((total, n) => total + BigInt(n), 0n)

const threeDigits = (n: number): string => (n < 10 ? n.toFixed(1).replace(/\.0$/, '') : Math.round(n).toString())

/** `61 k/s`, `3.1 k/s`, `850/s` */
export function rate(perSecond: number): string {
  if (perSecond >= 999_500) return `${threeDigits(perSecond / 1_000_000)} M/s`
  if (perSecond >= 999.5) return `${threeDigits(perSecond / 1_000)} k/s`
  return `${Math.round(perSecond)}/s`
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** `1.4 GiB` */
export function bytes(n: bigint): string {
  let value = Number(n)
  let unit = 0
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : threeDigits(value)} ${BYTE_UNITS[unit]}`
}
