/** Exchanges with a live server, kept as files, and played again: requests by what they say, answers byte by byte. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Answer, Reply } from './peer-session.ts'
import type { PeerRequest } from './requests.ts'
import * as tokens from './tokens.ts'

export interface Exchange {
  readonly request: PeerRequest
  /** the client cancelled it before it was answered */
  readonly cancelled: boolean
  /** messages, without their packets; a second one acknowledges a cancellation */
  readonly replies: readonly Buffer[]
}

const LINE_BYTES = 90

interface Written {
  readonly request: unknown
  readonly cancelled?: true
  /** base64, in lines */
  readonly replies: readonly (readonly string[])[]
}

/** Nothing of it differs from one session to the next. */
const saidBy = (request: PeerRequest): string =>
  JSON.stringify(request, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))

export function writeRecording(path: string, exchanges: readonly Exchange[]): void {
  const written = exchanges.map(
    ({ request, cancelled, replies }): Written => ({
      request: JSON.parse(saidBy(request)) as unknown,
      ...(cancelled ? { cancelled } : {}),
      replies: replies.map((reply) => reply.toString('base64').match(new RegExp(`.{1,${LINE_BYTES}}`, 'g')) ?? []),
    }),
  )
  writeFileSync(path, `${JSON.stringify(written, null, 2)}\n`)
}

/** Each exchange once, in their order among those that ask the same. */
export function replaying(path: string): Answer {
  const left = new Map<string, Reply[]>()
  for (const { request, cancelled, replies } of JSON.parse(readFileSync(path, 'utf8')) as readonly Written[]) {
    const [reply = tokens.done(), attention = tokens.attentionDone()] = replies.map((lines) =>
      Buffer.from(lines.join(''), 'base64'),
    )
    const said = JSON.stringify(request)
    const played: Reply =
      cancelled === true
        ? { silent: true, whenCancelled: reply, attention }
        : { tokens: [reply], attention, whole: true }
    left.set(said, [...(left.get(said) ?? []), played])
  }
  return (request) => left.get(saidBy(request))?.shift() ?? null
}
