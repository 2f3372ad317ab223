/** Values as the report shows them: what is not there, or not seen, is named. */
import { type Html, html } from './html.ts'

/** Longer ones are told by their beginning and their length. */
const LONGEST = 300

/** Another person's text keeps its own direction of reading to itself. */
export function valueHtml(value: string | null): Html {
  if (value === null) return html`<span class="absent">NULL</span>`
  if (value === '') return html`<span class="absent">empty text</span>`
  const shown = value.length > LONGEST ? value.slice(0, LONGEST) : value
  const text = value === 'NULL' || value !== value.trim() ? html`“<bdi>${shown}</bdi>”` : html`<bdi>${shown}</bdi>`
  return shown === value ? text : html`${text}<span class="absent">… (${value.length} characters in all)</span>`
}

/** `order_id 17 · line 3` */
export const keyHtml = (names: readonly string[], key: readonly (string | null)[]): readonly Html[] =>
  key.map(
    (value, i) =>
      html`${i === 0 ? '' : ' · '}<span class="soft"><bdi>${names[i] ?? ''}</bdi></span> ${valueHtml(value)}`,
  )
