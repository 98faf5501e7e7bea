/**
 * The part of ONNX's protobuf schema that programs use, as protobufjs reads it. Field numbers
 * are those of `onnx.proto3` (https://github.com/onnx/onnx, Apache-2.0).
 */

const repeated = (type: string, id: number) => ({ rule: 'repeated', type, id })
const single = (type: string, id: number) => ({ type, id })

export const onnxSchema = {
  nested: {
    AttributeProto: {
      fields: {
        name: single('string', 1),
        f: single('float', 2),
        i: single('int64', 3),
        s: single('bytes', 4),
        floats: repeated('float', 7),
        ints: repeated('int64', 8),
        type: single('int32', 20),
      },
    },
    NodeProto: {
      fields: {
        input: repeated('string', 1),
        output: repeated('string', 2),
        name: single('string', 3),
        opType: single('string', 4),
        attribute: repeated('AttributeProto', 5),
        domain: single('string', 7),
      },
    },
    StringStringEntryProto: { fields: { key: single('string', 1), value: single('string', 2) } },
    TensorProto: {
      fields: {
        dims: repeated('int64', 1),
        dataType: single('int32', 2),
        name: single('string', 8),
        rawData: single('bytes', 9),
        externalData: repeated('StringStringEntryProto', 13),
        dataLocation: single('int32', 14),
      },
    },
    Dimension: { fields: { dimValue: single('int64', 1), dimParam: single('string', 2) } },
    TensorShapeProto: { fields: { dim: repeated('Dimension', 1) } },
    TensorType: { fields: { elemType: single('int32', 1), shape: single('TensorShapeProto', 2) } },
    TypeProto: { fields: { tensorType: single('TensorType', 1) } },
    ValueInfoProto: { fields: { name: single('string', 1), type: single('TypeProto', 2) } },
    GraphProto: {
      fields: {
        node: repeated('NodeProto', 1),
        name: single('string', 2),
        initializer: repeated('TensorProto', 5),
        input: repeated('ValueInfoProto', 11),
        output: repeated('ValueInfoProto', 12),
      },
    },
    OperatorSetIdProto: { fields: { domain: single('string', 1), version: single('int64', 2) } },
    ModelProto: {
      fields: {
        irVersion: single('int64', 1),
        producerName: single('string', 2),
        graph: single('GraphProto', 7),
        opsetImport: repeated('OperatorSetIdProto', 8),
      },
    },
  },
}
