import { describe, expect, it } from 'vitest'
import { subsetSchema } from '../../engine/dataset/settings.ts'
import { foldDataset, splitDataset } from '../../engine/dataset/split.ts'
import { datasetOf, itemOf } from '../support/datasets.ts'

const items = Array.from({ length: 20 }, (_, i) =>
  itemOf(64, 64, { key: `picture ${i % 18}`, path: `${i}.png` }),
)
const dataset = datasetOf(items)

describe('a validation split', () => {
  it('never has a picture in both parts, copies included', () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const { training, validation } = splitDataset(dataset, { share: 0.25, seed })
      const trained = new Set(training.items.map(({ key }) => key))
      expect(validation.items.filter(({ key }) => trained.has(key))).toEqual([])
      expect(training.items.length + validation.items.length).toBe(20)
      // 25 % of 18 different pictures.
      expect(new Set(validation.items.map(({ key }) => key)).size).toBe(5)
    }
  })

  it('is decided by the seed, not by the order of the files', () => {
    const keysOf = (seed: number, source = dataset) =>
      splitDataset(source, { share: 0.25, seed })
        .validation.items.map(({ key }) => key)
        .sort()
    expect(keysOf(1)).toEqual(keysOf(1))
    expect(keysOf(1)).not.toEqual(keysOf(2))
    expect(keysOf(1, { ...dataset, items: [...dataset.items].reverse() })).toEqual(keysOf(1))
  })

  it('gives its parts keys of their own', () => {
    const { training, validation } = splitDataset(dataset, { share: 0.25, seed: 1 })
    const other = splitDataset(dataset, { share: 0.25, seed: 2 })
    const keys = [dataset, training, validation, other.training].map(({ key }) => key)
    expect(new Set(keys).size).toBe(4)
  })

  it.each([
    [0, 0],
    [0.01, 0],
    [0.9, 16],
    [1, 17],
  ])('of %d keeps %d of 18 pictures, never all', (share, count) => {
    const { validation } = splitDataset(dataset, { share, seed: 1 })
    expect(new Set(validation.items.map(({ key }) => key)).size).toBe(count)
  })

  it('takes its share of every subset and trains on all pictures of the class', () => {
    const [cats, dogs, animals] = ['cats', 'dogs', 'animals'].map((imageDir) =>
      subsetSchema.parse({ imageDir, isReg: imageDir === 'animals' }),
    ) as [Subset, Subset, Subset]
    const of = (subset: Subset, count: number) =>
      Array.from({ length: count }, (_, i) => ({
        ...itemOf(64, 64, { key: `${subset.imageDir} ${i}`, isRegularisation: subset.isReg }),
        subset,
      }))
    const all = [...of(cats, 10), ...of(dogs, 4), ...of(animals, 8)]
    const settings = { ...dataset.settings, subsets: [cats, dogs, animals] }
    const split = splitDataset({ ...dataset, items: all, settings }, { share: 0.5, seed: 3 })
    const counts = Map.groupBy(split.validation.items, ({ subset }) => subset.imageDir)
    expect([...counts].map(([name, found]) => [name, found.length])).toEqual([
      ['cats', 5],
      ['dogs', 2],
    ])
    expect(split.training.items.filter((item) => item.isRegularisation)).toHaveLength(8)
  })
})

describe('k folds', () => {
  it('use every picture for validation once', () => {
    const folds = [0, 1, 2, 3].map((fold) => foldDataset(dataset, { folds: 4, fold, seed: 5 }))
    const validated = folds.flatMap(({ validation }) => validation.items.map(({ path }) => path))
    expect(validated.sort()).toEqual(items.map(({ path }) => path).sort())
    for (const { training, validation } of folds) {
      expect(validation.items.length).toBeGreaterThanOrEqual(4)
      const trained = new Set(training.items.map(({ key }) => key))
      expect(validation.items.some(({ key }) => trained.has(key))).toBe(false)
    }
  })

  it('are between 2 and the number of pictures', () => {
    const fold = (folds: number, number: number) => () =>
      foldDataset(dataset, { folds, fold: number, seed: 1 })
    expect(fold(1, 0)).toThrow('folds: 1 given, 2 to 18 expected, the pictures')
    expect(fold(19, 0)).toThrow('folds: 19 given, 2 to 18 expected, the pictures')
    expect(fold(4, 4)).toThrow('fold: 4 given, 0 to 3 expected')
  })
})

type Subset = ReturnType<typeof subsetSchema.parse>
