/** The dialect that opens a bench for two ends: one whose engine sees both, or the target's, to which rows travel. */
import type { Bench, DialectModule, OpenBench } from './contract.ts'
import type { DialectLoader } from './registry.ts'

/** What one source can promise and one target can take. */
export async function dialectOf(load: DialectLoader, source: string, target: string): Promise<DialectModule> {
  const [from, to] = [await load(source), await load(target)]
  const host = [to, from].find((d) => d.sees(from.kind) && d.sees(to.kind))
  const { ceiling, stampedBy } = from.abilities
  const sharedByProcesses = from.abilities.sharedByProcesses && to.abilities.sharedByProcesses
  const abilities = { ...to.abilities, ceiling, stampedBy, sharedByProcesses }
  return host
    ? { ...host, abilities: { ...abilities, sharesKeys: host.abilities.sharesKeys } }
    : {
        ...to,
        abilities: { ...abilities, sharesKeys: sharedByProcesses },
        openBench: (options) => travel(from, to, options),
      }
}

async function travel(from: DialectModule, to: DialectModule, options: OpenBench): Promise<Bench> {
  const departure = await from.openDeparture(options)
  try {
    return await to.openArrival(options, departure)
  } catch (error) {
    await departure[Symbol.asyncDispose]()
    throw error
  }
}
