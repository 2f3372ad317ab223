/** By how much the clocks of a zone are ever set back: the hour that is lived twice. Looks ten years around now. */
export function largestBackwardStepMs(zone: string): number {
  let at = Temporal.Now.zonedDateTimeISO(zone).subtract({ years: 5 })
  const end = at.add({ years: 10 }).epochMilliseconds
  let largest = 0
  for (;;) {
    const next = at.getTimeZoneTransition('next')
    if (next === null || next.epochMilliseconds > end) return largest
    const before = next.subtract({ nanoseconds: 1 }).offsetNanoseconds
    largest = Math.max(largest, (before - next.offsetNanoseconds) / 1e6)
    at = next
  }
}
