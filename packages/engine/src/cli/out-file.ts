/** A file that a command writes: under another name until it is whole, and what is there is not written over unasked. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../runtime/app-error.ts'
import type { CommandContext } from './command.ts'
import { confirm } from './confirm.ts'

export class OutFile implements Disposable {
  readonly path: string
  /** where it is written */
  readonly part: string

  private constructor(file: string) {
    this.path = file
    this.part = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.part`)
  }

  /** Asks before what is there is replaced; TM1020 where nobody can be asked. */
  static async begin(context: CommandContext, file: string, command: string, yes: boolean): Promise<OutFile> {
    const there = statSync(file, { throwIfNoEntry: false })
    if (there?.isDirectory() === true) throw new AppError('TM2020', `${file} is a folder`)
    if (there !== undefined) await confirm(context, yes, `Write over ${file}?`, `${command} would write over ${file}`)
    const out = new OutFile(file)
    writing(file, () => {
      mkdirSync(path.dirname(file), { recursive: true })
      // whether it can be written is known before anything is computed
      closeSync(openSync(out.part, 'w'))
    })
    return out
  }

  /** The file is there; its bytes. */
  finish(): bigint {
    return writing(this.path, () => {
      const opened = openSync(this.part, 'r+')
      try {
        fsyncSync(opened)
      } finally {
        closeSync(opened)
      }
      const { size } = statSync(this.part, { bigint: true })
      renameSync(this.part, this.path)
      return size
    })
  }

  /** What is not finished leaves nothing behind. */
  [Symbol.dispose](): void {
    rmSync(this.part, { force: true })
  }
}

/** TM2004 where there is no room, TM2020 where the system refuses it otherwise. */
export function writing<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(String(error.code))
    throw new AppError(full ? 'TM2004' : 'TM2020', `${file}: ${error.message}`, { cause: error })
  }
}
