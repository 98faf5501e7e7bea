import { expect, test } from 'vitest'
import { readDataset } from '../../engine/dataset/read-dataset.ts'
import { datasetSchema } from '../../engine/dataset/settings.ts'
import type { Image } from '../../engine/sockets.ts'
import type { NodeContext } from '../../engine/workflow/index.ts'
import datasetDoctor from '../../nodes/dataset-doctor.ts'
import { sourceOf } from '../support/faulty-dataset.ts'
import { rampPicture } from '../support/tiny-pictures.ts'

async function examined(params: Record<string, unknown>) {
  const names = ['a', 'b', 'c']
  const pictures = await Promise.all(names.map((_, i) => rampPicture(64 + 8 * i, 64)))
  const files = new Map(names.map((name, i) => [`${name}.png`, pictures[i]!]))
  const settings = datasetSchema.parse({ resolution: 64 })
  const dataset = await readDataset(sourceOf(files), settings)
  const seen: unknown[] = []
  const context = {
    progress: (step: unknown) => seen.push(step),
    preview: () => {},
  } as unknown as NodeContext
  const outputs = await datasetDoctor.run({ dataset }, datasetDoctor.params.parse(params), context)
  return { dataset, outputs, seen }
}

test('the doctor hands the dataset on, with a report and a contact sheet', async () => {
  const { dataset, outputs, seen } = await examined({})
  expect(outputs.dataset).toBe(dataset)
  expect(JSON.parse(outputs.report as string).counts).toMatchObject({ pictures: 3, errors: 0 })
  expect((outputs.sheet as Image).shape.slice(0, 2)).toEqual([1, 3])
  expect(seen.at(-1)).toEqual({ step: 3, steps: 3 })
})

test('a licence that is required and missing stops the run, unless nothing is refused', async () => {
  const params = { requireLicence: true }
  await expect(examined(params)).rejects.toThrow(/licence: none for 3 of 3 pictures, all expected/)
  const { outputs } = await examined({ ...params, refuse: 'never' })
  expect(outputs.report).toContain('"severity":"error"')
})
