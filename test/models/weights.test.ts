import { expect, test } from 'vitest'
import { layersOf, type WeightTensor } from '../../engine/models/weights.ts'

test('a LoRA can change layers, norms and biases, but no table of the text encoder', () => {
  const shapes: Record<string, number[]> = {
    'time_embedding.linear_1.weight': [8, 4],
    'time_embedding.linear_1.bias': [8],
    'conv_in.weight': [4, 3, 3, 3],
    'conv_norm_out.weight': [4],
    'text_model.embeddings.token_embedding.weight': [9, 4],
    'text_model.embeddings.position_ids': [1, 77],
  }
  const tensors = new Map(
    Object.entries(shapes).map(([name, shape]): [string, WeightTensor] => [
      name,
      { stored: name, type: 'float32', shape, data: { file: 'file', offset: 0, length: 0 } },
    ]),
  )
  expect([...layersOf({ file: 'file', tensors })]).toEqual([
    ['time_embedding.linear_1', [8, 4]],
    ['time_embedding.linear_1.bias', [8]],
    ['conv_in', [4, 3, 3, 3]],
    ['conv_norm_out', [4]],
  ])
})
