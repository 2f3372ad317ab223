/**
 * Runs a script of SQL in DuckDB, in the folder one stands in, and prints the rows of its last statement as JSON. A
 * process of its own, because a DuckDB file belongs to one process at a time, and the next command wants it.
 */
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { IN_MEMORY, openDuckdbFile } from '../../packages/engine/src/drivers/duckdb.ts'

const [script] = process.argv.slice(2)
if (script === undefined) throw new Error('usage: node run-sql.ts FILE')
await using database = await openDuckdbFile(IN_MEMORY, 'write', { memoryBytes: 1024 ** 3, threads: 2, tempDir: null })
using session = await database.session()
process.stdout.write(`${JSON.stringify(await session.rows(await readFile(script, 'utf8')))}\n`)
