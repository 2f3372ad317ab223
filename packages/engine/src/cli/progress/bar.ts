const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const FULL = '█'

/** `███████▌      `, exactly `width` columns. */
export function bar(part: number, width: number): string {
  const eighths = Math.floor(Math.min(1, Math.max(0, part)) * width * 8)
  const text = FULL.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')
  return text + ' '.repeat(width - text.length)
}
