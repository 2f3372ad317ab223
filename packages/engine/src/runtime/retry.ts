import { setTimeout as sleep } from 'node:timers/promises'

export interface RetryPolicy {
  /** no attempt begins later than this after the first one began */
  readonly budgetMs: number
  readonly minDelayMs: number
  readonly maxDelayMs: number
  readonly factor: number
}

/** Repeats `attempt` while it fails in a way that may pass, within the budget; then throws what it threw last. */
export async function retrying<T>(
  policy: RetryPolicy,
  isRetryable: (error: unknown) => boolean,
  attempt: () => T | Promise<T>,
): Promise<T> {
  const deadline = performance.now() + policy.budgetMs
  for (let ceiling = policy.minDelayMs; ; ceiling = Math.min(policy.maxDelayMs, ceiling * policy.factor)) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() >= deadline || !isRetryable(error)) throw error
      await sleep(ceiling * (0.5 + Math.random() / 2))
    }
  }
}
