/** `tidemark doctor`, also where there is no project that could be opened. */
import type { DoctorDocument } from '@tidemark/contract/api'
import { AppError } from '../runtime/app-error.ts'
import { ownManifest } from '../runtime/own-manifest.ts'
import { type Check, failed } from './doctor/check.ts'
import { checkProject, documentOf } from './doctor/doctor.ts'
import { checkVersions } from './doctor/versions.ts'
import { type OpenAppOptions, openContext } from './wire.ts'

/** `options`: how to open the project, or why there is none. */
export async function diagnose(options: OpenAppOptions | AppError): Promise<DoctorDocument> {
  const checks: Check[] = [...checkVersions(process.versions.node, ownManifest())]
  try {
    if (options instanceof AppError) throw options
    const { ctx, stores, inspectStore } = openContext({ ...options, keepsBytes: true })
    await using _ = stores
    checks.push(...(await checkProject(ctx, inspectStore)))
  } catch (error) {
    checks.push(failed('project', 'project', error))
  }
  return documentOf(checks)
}
