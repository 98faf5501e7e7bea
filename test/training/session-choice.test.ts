import { expect, it } from 'vitest'
import { trainingSession } from '../../engine/training/session-choice.ts'

const megabyte = 2 ** 20

it('a short run of a small network does without a plan of shared memory', () => {
  expect(trainingSession(300, 8 * megabyte)).toEqual({ execution: 'parallel' })
  expect(trainingSession(301, 8 * megabyte)).toEqual({})
  expect(trainingSession(3, 3400 * megabyte)).toEqual({})
  expect(trainingSession(Number.POSITIVE_INFINITY, 8 * megabyte)).toEqual({})
})
