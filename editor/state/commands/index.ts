/** All commands: pure functions from a workflow to the ops that carry them out. */
export {
  movePort,
  type PortSide,
  removePort,
  removeUnused,
  renamePort,
  renameSubgraph,
  tidied,
  unusedSubgraphs,
} from './definitions.ts'
export {
  describeInput,
  describeWorkflow,
  exposeOutput,
  exposeParam,
  hideOutput,
  hideParam,
  renameInput,
  renameOutput,
} from './interface.ts'
export { addItem, moveItem, removeItem } from './items.ts'
export { addFrame, addNote, moveItems, setLayout } from './layout.ts'
export { connect, disconnect, disconnectAll, linksFrom } from './links.ts'
export { freeName, isName, takenIds } from './names.ts'
export {
  addNode,
  layoutOf,
  type NewNode,
  removeItems,
  renameItem,
  setMode,
  setParam,
  sourceOf,
} from './nodes.ts'
export { groupIntoSubgraph, ungroup } from './subgraphs.ts'
