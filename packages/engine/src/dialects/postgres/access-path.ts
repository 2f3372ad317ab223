/** How the server means to read a statement, as `EXPLAIN (FORMAT JSON)` says it. */

interface PlanNode {
  readonly 'Node Type': string
  readonly Alias?: string
  readonly Plans?: readonly PlanNode[]
}

/** Does the plan read all of the table with the alias `m`, page by page? */
export function scansMain(explained: unknown): boolean {
  const [{ Plan: plan }] = explained as readonly [{ readonly Plan: PlanNode }]
  return scans(plan)
}

const scans = (node: PlanNode): boolean =>
  (node['Node Type'] === 'Seq Scan' && node.Alias === 'm') || (node.Plans ?? []).some(scans)
