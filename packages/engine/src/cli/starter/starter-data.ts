/** Two small tables to play with: the same shop every time, its times counted back from now. */
const CUSTOMERS = 1_200
const ORDERS = 8_931
/** younger than the buffer of the flow: they show what waiting means */
const YOUNG = 3
const YOUNG_MINUTES = 4
const DAYS = 90

const FIRST = ['Ada', 'Bram', 'Chloé', 'Dilys', 'Emrys', 'Femi', 'Gwen', 'Huw', 'Ines', 'Jakub', 'Kaja', 'Łukasz']
const LAST = ['Adeyemi', 'Bevan', 'Cadogan', 'Davies', 'Evans', 'Ferreira', 'Griffiths', 'Hughes', 'Ionescu', 'Jenkins']
const TOWNS = ['Cardiff', 'Newport', 'Swansea', 'Wrexham', 'Bangor', 'Aberystwyth']
const STATUSES = ['open', 'packed', 'sent', 'delivered', 'returned']

/**
 * Views over the two files: a line changed with an editor is a row changed in the source. The files are found beside
 * the database, wherever it was moved to; outside Tidemark, in the folder one stands in.
 */
export const VIEWS: readonly string[] = [
  view('customers', 'customers.csv', { customer_id: 'BIGINT', name: 'VARCHAR', town: 'VARCHAR' }),
  view('orders', 'orders.csv', {
    order_id: 'BIGINT',
    customer_id: 'BIGINT',
    status: 'VARCHAR',
    amount: 'DECIMAL(10,2)',
    updated_at: 'TIMESTAMP',
  }),
]

function view(name: string, file: string, columns: Readonly<Record<string, string>>): string {
  const types = Object.entries(columns).map(([column, type]) => `'${column}': '${type}'`)
  return `CREATE VIEW ${name} AS SELECT * FROM read_csv(coalesce(getvariable('folder') || '/', '') || '${file}', header = true, columns = {${types.join(', ')}})`
}

export function customersCsv(): string {
  const random = numbers(7)
  const rows = Array.from({ length: CUSTOMERS }, (_, i) =>
    [1_001 + i, `${pick(FIRST, random)} ${pick(LAST, random)}`, pick(TOWNS, random)].join(','),
  )
  return `customer_id,name,town\n${rows.join('\n')}\n`
}

export function ordersCsv(now: Temporal.Instant): string {
  const random = numbers(11)
  const step = (DAYS * 86_400_000) / ORDERS
  const oldest = now.epochMilliseconds - DAYS * 86_400_000 - 3_600_000
  const old = Array.from({ length: ORDERS }, (_, i) => Math.floor(oldest + i * step + random() * step))
  const young = Array.from({ length: YOUNG }, (_, i) => now.epochMilliseconds - (YOUNG_MINUTES - i) * 60_000)
  const rows = [...old, ...young].map((ms, i) =>
    [
      50_001 + i,
      1_001 + Math.floor(random() * CUSTOMERS),
      pick(STATUSES, random),
      `${5 + Math.floor(random() * 400)}.${String(Math.floor(random() * 100)).padStart(2, '0')}`,
      utcText(ms),
    ].join(','),
  )
  return `order_id,customer_id,status,amount,updated_at\n${rows.join('\n')}\n`
}

const utcText = (ms: number): string =>
  Temporal.Instant.fromEpochMilliseconds(ms)
    .toZonedDateTimeISO('UTC')
    .toPlainDateTime()
    .toString({ fractionalSecondDigits: 3 })
    .replace('T', ' ')

const pick = (from: readonly string[], random: () => number): string => from[Math.floor(random() * from.length)] ?? ''

/** Repeatable numbers in [0, 1): a linear congruential generator is enough for names of customers. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
