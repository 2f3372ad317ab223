/** The dialect whose engine sees both ends of a flow. */
import { AppError } from '../runtime/app-error.ts'
import type { DialectModule } from './contract.ts'
import type { DialectLoader } from './registry.ts'

/** What one source can promise and one target can take; opened by whichever of the two knows the other. */
export async function dialectOf(load: DialectLoader, source: string, target: string): Promise<DialectModule> {
  const [from, to] = [await load(source), await load(target)]
  const host = [to, from].find((d) => d.sees(from.kind) && d.sees(to.kind))
  if (!host) throw new AppError('TM4016', `${source} → ${target}: no engine sees both`)
  const { ceiling, stampedBy } = from.abilities
  const sharedByProcesses = from.abilities.sharedByProcesses && to.abilities.sharedByProcesses
  const { sharesKeys } = host.abilities
  return { ...host, abilities: { ...to.abilities, ceiling, stampedBy, sharedByProcesses, sharesKeys } }
}
