/** A measurement by the clock of the process. In a file of its own: what measures memory loads nothing for it. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return (performance.now() - startedAt) / 1_000
}
