import { api, encodeName } from '../link/api.ts'
import { shownRun } from '../state/run-commands.ts'
import { activeDocument, runs } from '../state/stores.ts'
import type { Workflow } from '../state/types.ts'
import { runId } from './open-graph.ts'

/** Addresses of pictures that belong to a place in the graph. */

/** The picture that comes in at an input: a file, or what the run shown has on the wire. */
export function pictureAt(workflow: Workflow, node: string, input: string): string | undefined {
  const [source, output] = workflow.nodes[node]?.inputs?.[input]?.split('.') ?? []
  if (source === undefined || output === undefined) return undefined
  return pictureOf(workflow, source) ?? wirePicture(source, output)
}

/** The picture that a mask is painted on: of a "load-image" that shares a node with it, or any. */
export function pictureBeside(workflow: Workflow, mask: string): string | undefined {
  const entries = Object.values(workflow.nodes)
  const users = entries.filter(({ inputs = {} }) => {
    return Object.values(inputs).some((from) => from.startsWith(`${mask}.`))
  })
  const near = users.flatMap(({ inputs = {} }) => Object.values(inputs))
  const sources = near.map((from) => from.split('.')[0]!)
  const all = Object.keys(workflow.nodes)
  for (const id of [...sources, ...all]) {
    const address = id === mask ? undefined : pictureOf(workflow, id)
    if (address) return address
  }
  return undefined
}

/** The address of a file of the input folder. */
export function inputAddress(name: string): string {
  return api.address(`/api/library/input/file/${encodeName(name)}`)
}

function pictureOf(workflow: Workflow, id: string): string | undefined {
  const entry = workflow.nodes[id]
  const file = entry?.type === 'load-image' ? entry.params?.file : undefined
  return typeof file === 'string' && file !== '' ? inputAddress(file) : undefined
}

function wirePicture(node: string, output: string): string | undefined {
  const run = shownRun(activeDocument())
  if (!run) return undefined
  const value = runs.getState().nodes.get(run.id)?.get(runId(node))?.values?.[output]
  if (!value?.pictures) return undefined
  return api.address(`/api/runs/${run.id}/values/${runId(node)}/${output}/0`)
}
