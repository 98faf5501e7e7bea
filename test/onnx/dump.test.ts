import { expect, it } from 'vitest'
import { createBuilder } from '../../engine/onnx/builder.ts'
import { dumpProgram } from '../../engine/onnx/dump.ts'
import { joinSizes, reshape, scalar, sizesOf } from '../../engine/onnx/express.ts'

it('a program can be read as text, the same on every machine', () => {
  const builder = createBuilder('scaled linear layer')
  const x = builder.input('x', 'float32', ['batch', 'tokens', 8])
  const data = { file: 'anywhere/weights.safetensors', offset: 4096, length: 4 * 8 * 4 }
  const weight = builder.weight('to_q.weight', 'float32', [4, 8], data)
  const product = builder.op('Gemm', [reshape(builder, x, [-1, 8]), weight], { transB: 1 })
  const back = builder.op('Reshape', [product, joinSizes(builder, [sizesOf(builder, x, 0, 2), 4])])
  builder.op('Neg', [back])
  const scaled = builder.op('Mul', [back, scalar(builder, 0.5)])
  builder.output(
    'y',
    builder.op('LayerNormalization', [scaled, builder.input('scale', 'float32', [4])], {
      axis: -1,
      epsilon: { float: 1e-5 },
    }),
  )
  expect(dumpProgram(builder.finish())).toBe(`program scaled linear layer
  input x: float32 [batch, tokens, 8]
  input scale: float32 [4]
  weight to_q.weight: float32 [4, 8] = 128 bytes in file
  constant constant_0: int64 [2] = [-1, 8]
  constant constant_4: int64 [1] = [4]
  constant constant_8: float32 []
  Reshape_1 = Reshape(x, constant_0)
  Gemm_2 = Gemm(Reshape_1, to_q.weight) transB=1
  Shape_3 = Shape(x) start=0 end=2
  Concat_5 = Concat(Shape_3, constant_4) axis=0
  Reshape_6 = Reshape(Gemm_2, Concat_5)
  Mul_9 = Mul(Reshape_6, constant_8)
  LayerNormalization_10 = LayerNormalization(Mul_9, scale) axis=-1 epsilon=0.00001
  y = Identity(LayerNormalization_10)
  output y: float32 [batch, tokens, 4]
`)
})
