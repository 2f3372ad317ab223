import type { OptionSpec } from './command.ts'

export const SCOPE: OptionSpec = {
  flags: '--scope <name=value>',
  description: 'narrow to a scope; once for each parameter',
  repeat: true,
}
export const YES: OptionSpec = { flags: '--yes', description: 'answer every question with yes' }
