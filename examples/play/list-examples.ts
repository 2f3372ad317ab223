/** The examples: every folder beside this one that has a `play.ts`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const EXAMPLES = path.dirname(import.meta.dirname)

export interface Example {
  readonly name: string
  /** the heading of its README, after its name */
  readonly title: string
}

export const listExamples = (): readonly Example[] =>
  readdirSync(EXAMPLES)
    .filter((name) => existsSync(path.join(EXAMPLES, name, 'play.ts')))
    .map((name) => {
      const [heading = ''] = readFileSync(path.join(EXAMPLES, name, 'README.md'), 'utf8').split('\n')
      return { name, title: heading.replace(`# ${name}: `, '') }
    })
