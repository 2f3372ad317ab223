/** Colour only adds: every word is there without it. */
import { styleText } from 'node:util'
import type { Io } from '../io.ts'

export type Paint = (text: string) => string

export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly good: Paint
  readonly warn: Paint
  readonly bad: Paint
}

const same: Paint = (text) => text
export const PLAIN: Style = { bold: same, dim: same, good: same, warn: same, bad: same }

const paint =
  (format: 'bold' | 'dim' | 'green' | 'yellow' | 'red'): Paint =>
  (text) =>
    text === '' ? text : styleText(format, text, { validateStream: false })

const COLOURED: Style = {
  bold: paint('bold'),
  dim: paint('dim'),
  good: paint('green'),
  warn: paint('yellow'),
  bad: paint('red'),
}

/** `wanted` is false with `--no-color`. */
export function styleFor(io: Io, stream: 'stdout' | 'stderr', wanted: boolean): Style {
  const config = io.configOf(null)
  return wanted && !config.noColor && config.variable('TERM') !== 'dumb' && io.isTty[stream] ? COLOURED : PLAIN
}
