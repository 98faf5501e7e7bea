import { basename } from 'node:path'
import protobuf from 'protobufjs/light.js'
import type { Dim } from './dims.ts'
import { onnxSchema } from './schema.ts'
import {
  type Attribute,
  elementCodes,
  type Initializer,
  type Operation,
  type Program,
  type Value,
} from './value.ts'

const root = protobuf.Root.fromJSON(onnxSchema)
const modelType = root.lookupType('ModelProto')

/**
 * The program as an ONNX model. Weights are named by the base name of their file: the session is
 * told the folder, so all weights of one program lie in one folder.
 */
export function encodeProgram(program: Program): Uint8Array {
  const message = {
    irVersion: 9,
    producerName: 'mazeru',
    opsetImport: [
      { domain: '', version: 18 },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: {
      name: program.name,
      node: program.operations.map(encodeOperation),
      initializer: program.initializers.map(encodeInitializer),
      input: program.inputs.map(encodeValue),
      output: program.outputs.map(encodeValue),
    },
  }
  return modelType.encode(message).finish()
}

/** The name of the operation at `index` of a program, as providers know it. */
export function operationName({ op }: Operation, index: number): string {
  return `${op}_${index}`
}

function encodeOperation(operation: Operation, index: number) {
  return {
    name: operationName(operation, index),
    opType: operation.op,
    domain: operation.domain,
    input: operation.inputs,
    output: operation.outputs,
    attribute: Object.entries(operation.attributes).map(([name, value]) => ({
      name,
      ...encodeAttribute(value),
    })),
  }
}

function encodeAttribute(value: Attribute) {
  if (typeof value === 'number') return { i: value, type: 2 }
  if (typeof value === 'string') return { s: new TextEncoder().encode(value), type: 3 }
  if ('float' in value) return { f: value.float, type: 1 }
  return { ints: value, type: 7 }
}

function encodeInitializer({ value, bytes, external }: Initializer) {
  const common = { name: value.name, dataType: elementCodes[value.type], dims: value.shape }
  if (!external) return { ...common, rawData: bytes }
  return {
    ...common,
    dataLocation: 1,
    externalData: [
      { key: 'location', value: basename(external.file) },
      { key: 'offset', value: String(external.offset) },
      { key: 'length', value: String(external.length) },
    ],
  }
}

function encodeValue(value: Value) {
  return {
    name: value.name,
    type: {
      tensorType: {
        elemType: elementCodes[value.type],
        shape: { dim: value.shape.map(encodeDim) },
      },
    },
  }
}

function encodeDim(dim: Dim) {
  return typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim }
}
