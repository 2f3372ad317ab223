/** A flow's relation as the batches read it that come from its spool: columns as the target has them, cast and masked already. */
import { ALL_ARRIVED, arrivedRelation } from './arrived-relation.ts'
import type { FlowRelation } from './contract.ts'

export const spooledRelation = (r: FlowRelation): FlowRelation => arrivedRelation(r, (x) => x.targetType, null, false)

/** Every row of the spool. */
export const WHOLE_SPOOL = ALL_ARRIVED
