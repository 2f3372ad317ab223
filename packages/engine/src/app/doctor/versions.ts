import { type Check, fail, ok } from './check.ts'
import type { Manifest } from '../../runtime/own-manifest.ts'

/** `>=26` is all that a manifest of ours ever says. */
export function checkVersions(node: string, { version, engines }: Manifest): readonly Check[] {
  const needed = Number(/\d+/.exec(engines.node)?.[0] ?? '0')
  const judged = Number.parseInt(node, 10) >= needed ? ok : fail
  return [
    ok('tidemark', 'Tidemark', version),
    judged(
      'node',
      'Node',
      `${node}, needed is ${needed} or newer`,
      ...(judged === fail ? [`install Node ${needed} or newer`] : []),
    ),
  ]
}
