import { writeInfotext } from './formats/infotext.ts'
import { type Generation, infotextOf } from './formats/infotext-names.ts'
import { type CheckedGraph, type CheckedNode, printWorkflow } from './workflow/index.ts'

/** Texts that a saved picture carries. */
export interface PictureTexts {
  /** The workflow as JSON. */
  readonly workflow: string
  /** A `parameters` line as A1111 writes it; absent where no sampler is behind the picture. */
  readonly parameters?: string
}

/**
 * The texts for a picture of `width` x `height` that `node` saves. Nodes are recognised by their
 * params and sockets, not by their type: what has a sampler and steps samples, what has a text
 * speaks, so that nodes of others are understood too.
 */
export function pictureTextsOf(
  graph: CheckedGraph,
  node: string,
  size: { readonly width: number; readonly height: number },
): PictureTexts {
  const workflow = printWorkflow(graph.workflow, graph.catalogue)
  const sampler = nearest(graph, node, ({ params }) => 'sampler' in params && 'steps' in params)
  if (!sampler) return { workflow }
  const generation = { ...generationOf(graph, sampler), ...size }
  return { workflow, parameters: writeInfotext(infotextOf(generation)) }
}

function generationOf(graph: CheckedGraph, sampler: CheckedNode): Generation {
  const at = (node: CheckedNode | undefined, param: string) => node && paramOf(graph, node, param)
  const positive = speaker(graph, sampler, 'positive')
  const checkpoint = nearest(graph, sampler.id, isCheckpoint)
  const skip = Number(at(positive, 'skip') ?? 1)
  const denoise = Number(at(sampler, 'denoise') ?? 1)
  const loras = lorasOf(graph, sampler)
  return {
    prompt: String(at(positive, 'text') ?? ''),
    negative: String(at(speaker(graph, sampler, 'negative'), 'text') ?? ''),
    steps: Number(at(sampler, 'steps')),
    sampler: String(at(sampler, 'sampler')),
    schedule: String(at(sampler, 'schedule') ?? 'normal'),
    guidance: Number(at(sampler, 'guidance') ?? 1),
    seed: Number(at(sampler, 'seed') ?? 0),
    ...(checkpoint && { model: stem(String(at(checkpoint, 'file'))) }),
    ...(skip > 1 && { clipSkip: skip }),
    ...(denoise < 1 && { denoise }),
    others: new Map([...(loras ? [['LoRAs', loras] as const] : []), ['Version', 'mazeru']]),
  }
}

/** `style: 0.7, ink: 0.4 (text 0.2)` for all blends before the sampler. */
function lorasOf(graph: CheckedGraph, sampler: CheckedNode): string {
  const parts: string[] = []
  let blend = nearest(graph, sampler.id, isBlend)
  while (blend) {
    for (let item = 1; item <= blend.items; item++) {
      const file = linked(graph, blend, `lora${item}`)
      const name = file && stem(String(paramOf(graph, file, 'file')))
      const ratio = paramOf(graph, blend, `ratio${item}`)
      const text = paramOf(graph, blend, `textRatio${item}`)
      parts.push(`${name}: ${ratio}${text === undefined ? '' : ` (text ${text})`}`)
    }
    blend = nearest(graph, blend.id, isBlend)
  }
  return parts.join(', ')
}

function isBlend({ links }: CheckedNode): boolean {
  return links.has('lora1') && links.has('model')
}

function isCheckpoint({ params, outputs }: CheckedNode): boolean {
  return 'file' in params && outputs.has('model')
}

/** The node whose text reaches a socket of the sampler. */
function speaker(graph: CheckedGraph, sampler: CheckedNode, socket: string) {
  const from = linked(graph, sampler, socket)
  if (!from) return undefined
  const speaks = ({ params, links }: CheckedNode) => 'text' in params || links.has('text')
  return speaks(from) ? from : nearest(graph, from.id, speaks)
}

function linked(graph: CheckedGraph, node: CheckedNode, socket: string): CheckedNode | undefined {
  const from = node.links.get(socket)
  return from && graph.nodes.get(from.node)
}

/** A param's value, followed through links to the node that holds it. */
function paramOf(graph: CheckedGraph, node: CheckedNode, param: string): unknown {
  const source = linked(graph, node, param)
  return source ? paramOf(graph, source, node.links.get(param)!.socket) : node.params[param]
}

/** The first node that fits, walking against the links from `start`, nearest first. */
function nearest(
  graph: CheckedGraph,
  start: string,
  fits: (node: CheckedNode) => boolean,
): CheckedNode | undefined {
  const seen = new Set<string>([start])
  const queue = [start]
  while (queue.length > 0) {
    const node = graph.nodes.get(queue.shift()!)
    for (const { node: id } of node?.links.values() ?? []) {
      const source = graph.nodes.get(id)
      if (!source || seen.has(id)) continue
      if (fits(source)) return source
      seen.add(id)
      queue.push(id)
    }
  }
  return undefined
}

function stem(file: string): string {
  return file.replace(/\.safetensors$/, '')
}
