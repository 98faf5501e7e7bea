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
const graphType = root.lookupType('GraphProto')
const tensorType = root.lookupType('TensorProto')

/** Constants above this are baked weights; the encoder would copy them more than once. */
const largeBytes = 2 ** 16

/**
 * The program as an ONNX model. Weights are named by the base name of their file: the session is
 * told the folder, so all weights of one program lie in one folder.
 */
export function encodeProgram(program: Program): Uint8Array {
  const large = program.initializers.filter(isLarge)
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
      initializer: program.initializers.filter((it) => !isLarge(it)).map(encodeInitializer),
      input: program.inputs.map(encodeValue),
      output: program.outputs.map(encodeValue),
    },
  }
  return joined([modelType.encode(message).finish(), ...large.flatMap(appendedInitializer)])
}

function isLarge({ bytes }: Initializer): boolean {
  return bytes !== undefined && bytes.length > largeBytes
}

/**
 * A model whose graph has one initializer and nothing else, in pieces. Behind a model it adds the
 * initializer to it: readers of Protocol Buffers merge what is given twice.
 */
function appendedInitializer({ bytes = new Uint8Array(), ...rest }: Initializer): Uint8Array[] {
  const about = tensorType.encode(encodeInitializer(rest)).finish()
  const raw = fieldHead(tensorType, 'rawData', bytes.length)
  const tensor = about.length + raw.length + bytes.length
  const initializer = fieldHead(graphType, 'initializer', tensor)
  const graph = fieldHead(modelType, 'graph', initializer.length + tensor)
  return [graph, initializer, about, raw, bytes]
}

/** What stands before a field of `length` bytes: its number with the kind "bytes", its length. */
function fieldHead(type: protobuf.Type, field: string, length: number): Uint8Array {
  const number = type.fields[field]!.id
  return protobuf.Writer.create()
    .uint32((number << 3) | 2)
    .uint32(length)
    .finish()
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
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
