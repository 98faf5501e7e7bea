import type { Json, ParamInfo } from '../state/types.ts'

/** `drag`: more is to come, part of the same step of undo. `done`: the gesture is over. */
export type Phase = 'drag' | 'done'

/** What every widget is given. */
export interface WidgetProps {
  /** Id of the node. */
  readonly node: string
  /** Name of the param: `ratio2`. */
  readonly name: string
  readonly info: ParamInfo
  /** As the workflow has it; undefined where the default counts. */
  readonly value: Json | undefined
  /** Told of every change; undefined takes the param out, so that the default counts. */
  readonly onChange: (value: Json | undefined, phase: Phase) => void
}
