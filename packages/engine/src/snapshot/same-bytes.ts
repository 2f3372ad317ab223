/** Two files beside each other, a piece of each at a time. */
import { type FileHandle, open, stat } from 'node:fs/promises'

const PIECE = 1024 ** 2

/** False too where one of them is not there or cannot be read: whoever needs what is in it tells why. */
export async function haveSameBytes(a: string, b: string): Promise<boolean> {
  try {
    return await compare(a, b)
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return false
    throw error
  }
}

async function compare(a: string, b: string): Promise<boolean> {
  const { size } = await stat(a)
  if ((await stat(b)).size !== size) return false
  await using one = await open(a)
  await using other = await open(b)
  const [here, there] = [Buffer.allocUnsafe(PIECE), Buffer.allocUnsafe(PIECE)]
  for (let at = 0; at < size; at += PIECE) {
    const length = Math.min(PIECE, size - at)
    const whole = await Promise.all([readAll(one, here, length, at), readAll(other, there, length, at)])
    if (whole.includes(false) || here.compare(there, 0, length, 0, length) !== 0) return false
  }
  return true
}

/** False where the file ends before. */
async function readAll(file: FileHandle, into: Buffer, length: number, at: number): Promise<boolean> {
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(into, filled, length - filled, at + filled)
    if (bytesRead === 0) return false
    filled += bytesRead
  }
  return true
}
