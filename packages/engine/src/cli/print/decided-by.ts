/** Why a window ends where it ends, in words. What is no code is said as it is. */
const WORDS: Readonly<Record<string, string>> = {
  clock: 'up to the clock of the source',
  buffer: 'up to the clock of the source less the buffer',
  ceiling: 'held back by the oldest transaction still open, not by the buffer',
  look: 'up to the greatest number seen while no transaction was open',
  xid: 'up to the oldest transaction still open',
  rowversion: 'up to the oldest row version that is not committed yet',
  retry: 'rejects read again as they are now; the watermark stays',
  period: 'a period that was asked for; the watermark stays',
}

export const decidedByText = (code: string): string => WORDS[code] ?? code
