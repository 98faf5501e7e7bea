import type { InputSocket, NodeDefinition, ParamShape } from '../workflow/index.ts'
import { type Catalogue, printSocketType, type SocketSpecs } from '../workflow/index.ts'
import type { NodeInfo, ParamInfo, SocketInfo } from './catalogue.ts'

/** What an editor needs of all node types of a catalogue, in its order. */
export function catalogueOf(catalogue: Catalogue): NodeInfo[] {
  return catalogue.definitions.map((definition) => nodeInfoOf(definition, catalogue))
}

/** What an editor needs of one node type. */
export function nodeInfoOf(definition: NodeDefinition, catalogue: Catalogue): NodeInfo {
  const { type, version, title, category, description, purity, live, sink } = definition
  const shape = catalogue.shape(type)!
  const { repeat } = shape
  return {
    ...{ type, version, title, category, description, purity, live, sink },
    inputs: inputsOf(shape.inputs, definition.inputs),
    params: paramsOf(shape.params),
    outputs: [...shape.outputs].map(([name, socket]) => {
      const spec = definition.outputs[name]
      const needs = typeof spec === 'object' ? spec.needs : undefined
      return {
        name,
        type: printSocketType(socket),
        ...(needs !== undefined && { needs }),
        ...described(spec),
      }
    }),
    ...(repeat && {
      repeat: {
        inputs: inputsOf(repeat.inputs, definition.repeat?.inputs ?? {}),
        params: paramsOf(repeat.params),
        min: repeat.min,
        max: repeat.max,
      },
    }),
  }
}

function inputsOf(inputs: ReadonlyMap<string, InputSocket>, specs: SocketSpecs): SocketInfo[] {
  return [...inputs].map(([name, { type, optional }]) => ({
    name,
    type: printSocketType(type),
    ...(optional && { optional }),
    ...described(specs[name]),
  }))
}

function paramsOf(params: ReadonlyMap<string, ParamShape>): ParamInfo[] {
  return [...params].map(([name, { json, socket, file }]) => ({
    name,
    schema: { ...json },
    ...(socket && { socket: printSocketType(socket) }),
    ...(file !== undefined && { file }),
  }))
}

function described(spec: SocketSpecs[string] | undefined): { description?: string } {
  const description = typeof spec === 'object' ? spec.description : undefined
  return description === undefined ? {} : { description }
}
