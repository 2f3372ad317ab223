/** Sizes as people write them: bytes, or a binary unit: `512B 64MiB 1GiB`. */
const UNIT_BYTES = { TiB: 2 ** 40, GiB: 2 ** 30, MiB: 2 ** 20, KiB: 2 ** 10, B: 1 } as const
const PATTERN = /^(\d{1,15})(B|KiB|MiB|GiB|TiB)$/

export const SIZE_FORM = 'a size such as 64MiB or 1GiB'

/** Bytes, or null when the text is no size. */
export function parseSize(text: string): number | null {
  const match = PATTERN.exec(text)
  if (match === null) return null
  const bytes = Number(match[1]) * UNIT_BYTES[match[2] as keyof typeof UNIT_BYTES]
  return Number.isSafeInteger(bytes) ? bytes : null
}

/** The shortest text that `parseSize` reads as the same: 67108864 is `64MiB`. */
export function formatSize(bytes: number): string {
  if (bytes === 0) return '0B'
  const [unit, size] = Object.entries(UNIT_BYTES).find(([, size]) => bytes % size === 0) ?? ['B', 1]
  return `${bytes / size}${unit}`
}
