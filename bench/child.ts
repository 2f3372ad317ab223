/** Entry of a measuring process: `child.ts FILE TASK JSON` → `{"seconds", "rssMb"}` on stdout. */
import { pathToFileURL } from 'node:url'
import { peakMemoryMb } from './peak-memory.ts'

type Task = (given: unknown) => Promise<number>

const [file = '', name = '', given = 'null'] = process.argv.slice(2)
const tasks = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
const task = tasks[name]
if (typeof task !== 'function') throw new TypeError(`${file} has no task ${name}`)
const seconds = await (task as Task)(JSON.parse(given))
process.stdout.write(JSON.stringify({ seconds, rssMb: peakMemoryMb() }))
