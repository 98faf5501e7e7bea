import { NodeEditor } from 'rete'
import type { ReteConnection, ReteNode } from '../../../editor/graph/convert.ts'
import type { Stage } from '../../../editor/graph/rete.ts'

interface Schemes {
  readonly Node: ReteNode
  readonly Connection: ReteConnection
}

/** rete's own editor without a page around it. */
export function memoryStage(): Pick<
  Stage,
  'addNode' | 'removeNode' | 'connect' | 'disconnect' | 'read'
> {
  const editor = new NodeEditor<Schemes>()
  return {
    async addNode(node) {
      await editor.addNode({ ...node })
    },
    async removeNode(id) {
      await editor.removeNode(id)
    },
    async connect(connection) {
      await editor.addConnection({ ...connection })
    },
    async disconnect(id) {
      await editor.removeConnection(id)
    },
    read: () => ({ nodes: editor.getNodes(), connections: editor.getConnections() }),
  }
}
