import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeInfo, Workflow } from '../../../editor/state/types.ts'
import { catalogueOf } from '../../../engine/protocol/catalogue-of.ts'
import { createCatalogue, parseWorkflow } from '../../../engine/workflow/index.ts'
import { nodes } from '../../../nodes/index.ts'

const folder = join(import.meta.dirname, '../../../workflows')

/** The catalogue of the nodes that come along. */
export const realCatalogue = createCatalogue(nodes)

/** Node types as the server tells of them. */
export const realInfos: ReadonlyMap<string, NodeInfo> = new Map(
  catalogueOf(realCatalogue).map((info) => [info.type, info]),
)

/** Names of the workflows that come along. */
export const workflowNames = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -5))

/** A workflow that comes along. */
export function realWorkflow(name: string): Workflow {
  return parseWorkflow(readFileSync(join(folder, `${name}.json`), 'utf8'), name)
}
