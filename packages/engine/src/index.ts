/** Tidemark as a library: what the command line does, for programs. */
export type {
  App,
  ConnectionReport,
  DefinitionDifference,
  Definitions,
  FlowSelection,
  RewindPreview,
  RunOptions,
} from './app/app.ts'
export { openApp } from './app/wire.ts'
export { AppError, Cancelled } from './runtime/app-error.ts'
