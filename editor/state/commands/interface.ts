import { printPlace } from '../shapes.ts'
import type { PatchOp, Place, Workflow } from '../types.ts'
import { isName, op, setInSection } from './names.ts'

/** Commands on the named inputs and outputs of a workflow: what its form and callers see. */

/** Lets a named input set a param; an input of that name sets several. A bad name: no ops. */
export function exposeParam(workflow: Workflow, name: string, place: Place): PatchOp[] {
  const text = printPlace(place)
  const there = own(workflow.inputs, name)
  if (!isName(name) || there?.to.includes(text)) return []
  if (there) return [op(['inputs', name, 'to'], [...there.to, text])]
  return setInSection(workflow, 'inputs', { [name]: { to: [text] } })
}

/** Takes a param out of all named inputs; one that sets nothing more goes. */
export function hideParam(workflow: Workflow, place: Place): PatchOp[] {
  const text = printPlace(place)
  return Object.entries(workflow.inputs ?? {})
    .filter(([, { to }]) => to.includes(text))
    .map(([name, { to }]) =>
      to.length > 1
        ? op(
            ['inputs', name, 'to'],
            to.filter((entry) => entry !== text),
          )
        : op(['inputs', name]),
    )
}

/** Names an output of a node as one of the workflow. A bad name: no ops. */
export function exposeOutput(workflow: Workflow, name: string, place: Place): PatchOp[] {
  const text = printPlace(place)
  if (!isName(name) || own(workflow.outputs, name) === text) return []
  return setInSection(workflow, 'outputs', { [name]: text })
}

/** Takes a named output away. */
export function hideOutput(workflow: Workflow, name: string): PatchOp[] {
  return own(workflow.outputs, name) === undefined ? [] : [op(['outputs', name])]
}

/** Gives a named input another name at the same place. A taken or bad name: no ops. */
export function renameInput(workflow: Workflow, from: string, to: string): PatchOp[] {
  return renamed('inputs', workflow.inputs, from, to)
}

/** Gives a named output another name at the same place. A taken or bad name: no ops. */
export function renameOutput(workflow: Workflow, from: string, to: string): PatchOp[] {
  return renamed('outputs', workflow.outputs, from, to)
}

/** Says what a named input is for; an empty text says nothing. */
export function describeInput(workflow: Workflow, name: string, text: string): PatchOp[] {
  const there = own(workflow.inputs, name)
  if (!there || (there.description ?? '') === text) return []
  return [op(['inputs', name, 'description'], text === '' ? undefined : text)]
}

/** Sets the name or description that the workflow itself bears; an empty text takes it out. */
export function describeWorkflow(
  workflow: Workflow,
  key: 'name' | 'description',
  text: string,
): PatchOp[] {
  if ((workflow[key] ?? '') === text) return []
  if (text === '') return [op([key])]
  const later = ['description', 'inputs', 'outputs', 'nodes'].slice(key === 'name' ? 0 : 1)
  return [
    op(
      [key],
      text,
      later.find((entry) => entry in workflow),
    ),
  ]
}

function renamed(
  section: 'inputs' | 'outputs',
  entries: Readonly<Record<string, unknown>> | undefined,
  from: string,
  to: string,
): PatchOp[] {
  const value = own(entries, from)
  if (value === undefined || !isName(to) || own(entries, to) !== undefined) return []
  return [op([section, to], value, from), op([section, from])]
}

function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined
}
