/**
 * Flows side by side where nothing orders them. Within a module every flow waits for all flows of a lower order, and is
 * left out when one of those did not end well. Modules do not know of each other.
 */
export interface Ordered {
  readonly id: string
  readonly module: string
  readonly order: number
}

export interface InOrder<F, A> {
  /** at work at once; 1: one after the other, in the order given */
  readonly most: number
  readonly isStopped: () => boolean
  /** Never throws: what goes wrong is in the answer. */
  readonly work: (flow: F) => Promise<A>
  /** May not be at work at once, whatever their order. */
  readonly clash: (a: F, b: F) => boolean
  readonly endedWell: (answer: A) => boolean
  /** A flow that was not begun: because of these, or, where there are none, because of a stop. */
  readonly leftOut: (flow: F, because: readonly F[]) => A
}

/** One answer for each flow, in the order given. */
export async function inOrder<F extends Ordered, A>(flows: readonly F[], how: InOrder<F, A>): Promise<readonly A[]> {
  const answers = new Map<F, A>()
  const atWork = new Map<F, Promise<void>>()
  /** what did not end well, of each module */
  const broken = new Map<string, readonly F[]>()
  const waiting = [...flows]
  const isLower = (flow: F) => (other: F) => other.module === flow.module && other.order < flow.order
  const isReady = (flow: F): boolean =>
    ![...waiting, ...atWork.keys()].some(isLower(flow)) && ![...atWork.keys()].some((other) => how.clash(flow, other))

  const begin = async (flow: F): Promise<void> => {
    const answer = await how.work(flow)
    answers.set(flow, answer)
    atWork.delete(flow)
    if (!how.endedWell(answer)) broken.set(flow.module, [...(broken.get(flow.module) ?? []), flow])
  }

  for (;;) {
    const next = atWork.size < how.most ? waiting.find(isReady) : undefined
    if (next !== undefined) {
      waiting.splice(waiting.indexOf(next), 1)
      const because = (broken.get(next.module) ?? []).filter(isLower(next))
      if (because.length > 0 || how.isStopped()) answers.set(next, how.leftOut(next, because))
      else atWork.set(next, begin(next))
    } else if (atWork.size > 0) await Promise.race(atWork.values())
    else return flows.flatMap((flow) => answers.get(flow) ?? [])
  }
}
