import type { ComponentType } from 'react'
import type { NodeEntry, NodeInfo } from '../state/types.ts'

/** What a node type shows below its params: a picture strip, a mixer, a chart. */
export interface NodeBody {
  /** Pixels at zoom 1; 0 where there is nothing to show now. */
  height(entry: NodeEntry, info: NodeInfo): number
  readonly Component: ComponentType<{ readonly node: string }>
  /** Names of params that the body draws itself: they get no row. */
  readonly params?: (entry: NodeEntry, info: NodeInfo) => ReadonlySet<string>
}

interface Registered {
  readonly test: (info: NodeInfo) => boolean
  readonly body: NodeBody
}

const bodies: Registered[] = []

/** Adds a part to the nodes whose type passes the test. To be called before the first draw. */
export function registerBody(test: (info: NodeInfo) => boolean, body: NodeBody): void {
  bodies.push({ test, body })
}

/** The parts of a node type, in the order of registration. */
export function bodiesOf(info: NodeInfo): readonly NodeBody[] {
  return bodies.filter(({ test }) => test(info)).map(({ body }) => body)
}
