import { copyText, pasteOps } from '../../../editor/state/clipboard.ts'
import * as commands from '../../../editor/state/commands/index.ts'
import { fits } from '../../../editor/state/fits.ts'
import { inputsOf, outputsOf, paramsOf, placeOf } from '../../../editor/state/shapes.ts'
import type { PatchOp, Place, Workflow } from '../../../editor/state/types.ts'
import { realInfos } from './graphs.ts'

type Dice = () => number
type Command = (workflow: Workflow, dice: Dice) => readonly PatchOp[]

const infos = realInfos
const types = ['reroute', 'load-lora', 'blend-loras', 'encode-prompt', 'sampler', 'empty-latent']

const table: Readonly<Record<string, Command>> = {
  'add node': (workflow, dice) =>
    commands.addNode(workflow, { type: pick(types, dice)!, x: round(dice), y: round(dice) }, infos)
      .ops,
  'add node at an id': (workflow, dice) =>
    commands.addNode(workflow, { type: 'reroute', x: 0, y: 0, id: `n${round(dice) % 5}` }, infos)
      .ops,
  remove: (workflow, dice) => commands.removeItems(workflow, some(workflow, dice), infos),
  connect(workflow, dice) {
    const [from, to] = [anyOutput(workflow, dice), anyInput(workflow, dice)]
    return from && to && fits(workflow, infos, from, to).fits
      ? commands.connect(workflow, from, to)
      : []
  },
  disconnect(workflow, dice) {
    const linked = Object.entries(workflow.nodes).flatMap(([node, { inputs }]) =>
      Object.keys(inputs ?? {}).map((socket) => ({ node, socket })),
    )
    const place = pick(linked, dice)
    return place ? commands.disconnect(workflow, place, infos) : []
  },
  'set a param'(workflow, dice) {
    const place = anyParam(workflow, dice)
    const value = dice() < 0.2 ? undefined : round(dice)
    return place ? commands.setParam(workflow, place.node, place.socket, value) : []
  },
  move(workflow, dice) {
    const places = some(workflow, dice).map((id) => [id, { x: round(dice), y: 7 }] as const)
    return commands.moveItems(workflow, new Map(places))
  },
  layout(workflow, dice) {
    const id = pick(Object.keys(workflow.nodes), dice)
    const partial = { collapsed: dice() < 0.5 || undefined, title: 'a' }
    return id === undefined ? [] : commands.setLayout(workflow, id, partial)
  },
  frame: (workflow, dice) =>
    commands.addFrame(workflow, { x: 0, y: 0, width: 9, height: round(dice), title: 'f' }).ops,
  note: (workflow) =>
    commands.addNote(workflow, { x: 0, y: 0, width: 9, height: 9, text: 'n' }).ops,
  expose(workflow, dice) {
    const place = anyParam(workflow, dice)
    return place ? commands.exposeParam(workflow, `in${round(dice) % 3}`, place) : []
  },
  'expose an output'(workflow, dice) {
    const place = anyOutput(workflow, dice)
    return place ? commands.exposeOutput(workflow, `out${round(dice) % 3}`, place) : []
  },
  'rename an input'(workflow, dice) {
    const name = pick(Object.keys(workflow.inputs ?? {}), dice)
    return name === undefined ? [] : commands.renameInput(workflow, name, `r${round(dice)}`)
  },
  'rename a node'(workflow, dice) {
    const id = pick(Object.keys(workflow.nodes), dice)
    return id === undefined ? [] : commands.renameItem(workflow, id, `id${round(dice)}`)
  },
  mode: (workflow, dice) =>
    commands.setMode(workflow, some(workflow, dice), pick(['mute', 'bypass', undefined], dice)),
  'add an item'(workflow, dice) {
    const id = pick(repeating(workflow), dice)
    return id === undefined ? [] : commands.addItem(workflow, id, {}, infos).ops
  },
  'remove an item'(workflow, dice) {
    const id = pick(repeating(workflow), dice)
    return id === undefined ? [] : commands.removeItem(workflow, id, 1 + (round(dice) % 3), infos)
  },
  'move an item'(workflow, dice) {
    const id = pick(repeating(workflow), dice)
    const places = [1 + (round(dice) % 3), 1 + (round(dice) % 3)] as const
    return id === undefined ? [] : commands.moveItem(workflow, id, ...places, infos)
  },
  paste(workflow, dice) {
    if (Object.keys(workflow.nodes).length > 40) return []
    const text = copyText(workflow, some(workflow, dice))
    const at = { x: round(dice), y: round(dice) }
    return pasteOps(workflow, text, at, { reconnect: dice() < 0.5 }, infos)?.ops ?? []
  },
  group(workflow, dice) {
    const made = commands.groupIntoSubgraph(workflow, some(workflow, dice), infos)
    return made?.ops ?? []
  },
  ungroup(workflow, dice) {
    const id = pick(Object.keys(workflow.nodes), dice)
    return id === undefined ? [] : (commands.ungroup(workflow, id)?.ops ?? [])
  },
}

/** A command of any kind with any arguments that a person could have given it. */
export function randomCommand(workflow: Workflow, dice: Dice) {
  const [label, command] = pick(Object.entries(table), dice)!
  return { label, ops: command(workflow, dice) }
}

function anyOutput(workflow: Workflow, dice: Dice): Place | undefined {
  return pick(
    Object.entries(workflow.nodes).flatMap(([node, entry]) => {
      const info = infos.get(entry.type)
      return info ? outputsOf(entry, info).map(({ name }) => ({ node, socket: name })) : []
    }),
    dice,
  )
}

function anyInput(workflow: Workflow, dice: Dice): Place | undefined {
  return pick(
    Object.entries(workflow.nodes).flatMap(([node, entry]) => {
      const info = infos.get(entry.type)
      return info ? inputsOf(entry, info).map(({ name }) => ({ node, socket: name })) : []
    }),
    dice,
  )
}

function anyParam(workflow: Workflow, dice: Dice): Place | undefined {
  return pick(
    Object.entries(workflow.nodes).flatMap(([node, entry]) => {
      const info = infos.get(entry.type)
      return info ? paramsOf(entry, info).map(({ name }) => ({ node, socket: name })) : []
    }),
    dice,
  )
}

function repeating({ nodes }: Workflow): string[] {
  return Object.keys(nodes).filter((id) => infos.get(nodes[id]!.type)?.repeat)
}

function some({ nodes, layout }: Workflow, dice: Dice): string[] {
  const ids = new Set([...Object.keys(nodes), ...Object.keys(layout ?? {})])
  return [...ids].filter(() => dice() < 0.2)
}

function pick<T>(list: readonly T[], dice: Dice): T | undefined {
  return list[Math.floor(dice() * list.length)]
}

function round(dice: Dice): number {
  return Math.floor(dice() * 1000)
}

/** What is wrong with a document beyond its shape: links that dangle, circles, gaps. */
export function faultsOf({ nodes, inputs, outputs }: Workflow): string[] {
  const faults: string[] = []
  const known = (text: string) => Object.hasOwn(nodes, placeOf(text).node)
  for (const [id, entry] of Object.entries(nodes)) {
    for (const [name, from] of Object.entries(entry.inputs ?? {})) {
      if (!known(from)) faults.push(`${id}.${name} from ${from}`)
    }
  }
  for (const [name, { to }] of Object.entries(inputs ?? {})) {
    if (!to.every(known)) faults.push(`input ${name} to ${to}`)
  }
  for (const [name, from] of Object.entries(outputs ?? {})) {
    if (!known(from)) faults.push(`output ${name} from ${from}`)
  }
  return faults
}
