import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseSafetensors, toInt64 } from '../../engine/formats/safetensors.ts'
import { encodeChunks } from '../../engine/inference/encode-text.ts'
import { readEmbedding } from '../../engine/models/prompt/embeddings.ts'
import { goldenCases, goldenTensors, relativeError, values } from '../support/golden.ts'
import { checkpointOf, singleFile, testRuntime, textEncoderOf, tinyModel } from '../support/tiny.ts'

const runtime = testRuntime()
afterAll(() => runtime.pool.close())

for (const { name, folder, settings } of goldenCases('models')) {
  if (settings.kind !== 'textual-inversion') continue
  const tiny = tinyModel(String(settings.base))
  if (!tiny) continue
  describe(name, () => {
    test('vectors take the place of token rows', async () => {
      const [file] = settings.files as string[]
      const { tensors } = parseSafetensors(file!, readFileSync(join(folder, '..', file!)))
      const { vectors, count, features } = readEmbedding(file!, tensors)
      const rows = Array.from({ length: count }, (_, row) =>
        vectors.slice(row * features, (row + 1) * features),
      )
      const inputs = goldenTensors(join(folder, 'inputs.safetensors'))
      const expected = goldenTensors(join(folder, 'expected.safetensors'))
      const ids = inputs.get('input_ids')!
      const [batch, width] = ids.shape as [number, number]
      const tokens = [...toInt64(ids)].map(Number)
      const chunks = Array.from({ length: batch }, (_, row) =>
        tokens.slice(row * width, (row + 1) * width),
      )
      const encoder = textEncoderOf(checkpointOf(singleFile(tiny), tiny.config))
      for (const [skip, state] of [
        [1, 'last_hidden_state'],
        [2, 'penultimate_ln'],
      ] as const) {
        const encoded = await encodeChunks(runtime.pool, runtime.feeder, encoder, {
          chunks,
          vectors: rows,
          skip,
        })
        expect(relativeError(encoded.context.data, values(expected, state))).toBeLessThan(1e-5)
        const pooled = values(expected, 'pooler_output')
        expect(relativeError(encoded.pooled.data, pooled)).toBeLessThan(1e-5)
      }
    })
  })
}
