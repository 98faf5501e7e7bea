import { edit } from '../../graph/open-graph.ts'
import { setParam } from '../../state/commands/index.ts'
import { paramsOf } from '../../state/shapes.ts'
import type { Json, NodeEntry, NodeInfo } from '../../state/types.ts'
import { ParamWidget } from '../../widgets/param-widget.tsx'
import { labelOf } from '../../words/nodes.ts'

/** All values of a node. */
export function Params(props: {
  readonly id: string
  readonly entry: NodeEntry
  readonly info: NodeInfo
}) {
  const { id, entry, info } = props
  return paramsOf(entry, info).map((param) => (
    <ParamWidget
      key={param.name}
      node={id}
      name={param.name}
      info={param.info}
      label={labelOf(param.name)}
      value={entry.params?.[param.name] as Json | undefined}
      linked={Object.hasOwn(entry.inputs ?? {}, param.name)}
      onChange={(value) =>
        edit(labelOf(param.name), (now) => setParam(now, id, param.name, value), {
          merge: `param ${id} ${param.name}`,
        })
      }
    />
  ))
}
