/** `tidemark.yaml`: where the project is and how its engine runs. The definitions are read by `load-definitions.ts`. */
import { join, resolve } from 'node:path'
import { ProjectSchema } from '@tidemark/contract/project-schema'
import { listYamlFiles, readYamlFile } from './yaml-files.ts'
import { entryOf } from './located.ts'
import { parseLocated } from './parse-located.ts'
import { throwIfAny } from './problem.ts'
import type { ReadYaml } from './read-yaml.ts'
import { literalSecrets } from './secrets.ts'

export const PROJECT_FILE = 'tidemark.yaml'
export const MODULES_DIR = 'modules'
const DEFAULT_CONTROL = 'sqlite:.tidemark/control.db'
const DEFAULT_TEMP = '.tidemark/tmp'
const DEFAULT_LEASE_MS = 60_000

export interface ProjectSpec {
  /** absolute */
  readonly dir: string
  readonly name: string
  readonly platform: string | null
  /** as written: a relative path counts from `dir`, references are still closed */
  readonly controlUrl: string
  readonly engine: {
    /** null: what is being moved decides */
    readonly memoryBytes: number | null
    readonly threads: number | null
    /** absolute */
    readonly tempDir: string
    readonly leaseMs: number
  }
  /** whether there is YAML to compare the control tables with */
  readonly hasModules: boolean
}

/** Throws all problems of `tidemark.yaml` itself. */
export function loadProject(dir: string): ProjectSpec {
  const read = readYamlFile(dir, PROJECT_FILE)
  throwIfAny(read.problems)
  const parsed = parseLocated(ProjectSchema, read.root, null)
  const secrets = projectSecrets(read)
  if (!parsed.ok) throwIfAny([...secrets, ...parsed.problems])
  throwIfAny(secrets)
  if (!parsed.ok) throw new TypeError('a project without a value has problems')
  const { project, platform, control, engine } = parsed.value
  return {
    dir,
    name: project,
    platform: platform ?? null,
    controlUrl: control ?? DEFAULT_CONTROL,
    engine: {
      memoryBytes: engine?.memory ?? null,
      threads: engine?.threads ?? null,
      tempDir: resolve(dir, engine?.temp ?? DEFAULT_TEMP),
      leaseMs: engine?.lease ?? DEFAULT_LEASE_MS,
    },
    hasModules: listYamlFiles(join(dir, MODULES_DIR)).length > 0,
  }
}

function projectSecrets({ root }: ReadYaml) {
  return ['control', 'connections'].flatMap((key) => {
    const part = entryOf(root, key)
    return part === undefined ? [] : literalSecrets(part, 'connection', null)
  })
}
