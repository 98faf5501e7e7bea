import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { WorkflowError } from '../../engine/errors.ts'
import {
  applySettings,
  bindInputs,
  definePlainNode as defineNode,
} from '../../engine/workflow/index.ts'
import { catalogueOf, workflowOf } from './support.ts'

const kinds = defineNode({
  type: 'kinds',
  title: 'Kinds',
  params: z.object({
    on: z.boolean().default(false),
    words: z.array(z.string()).default([]),
    either: z.union([z.number(), z.string()]).default(0),
    name: z.string().default(''),
  }),
  outputs: {},
  run: () => ({}),
})
const catalogue = catalogueOf(kinds)
const workflow = workflowOf(
  {
    one: { type: 'constant', params: { value: 1 } },
    mix: { type: 'scale', inputs: { value: 'one.value', by: 'one.value' } },
    sum: { type: 'weighted', inputs: { value1: 'one.value', value2: 'one.value' } },
    any: { type: 'kinds' },
    gone: { type: 'vanished' },
  },
  { inputs: { amount: { to: ['one.value', 'sum.offset'] } } },
)

function set(target: string, value: unknown): unknown {
  const [node, param] = target.split('.')
  const changed = applySettings(workflow, [{ target, value }], catalogue)
  return changed.nodes[node!]!.params![param!]
}

describe('settings', () => {
  it.each([
    ['one.value', '-2.5e3', -2500],
    ['one.value', 7, 7],
    ['sum.weight2', ' 0.5 ', 0.5],
    ['any.on', 'true', true],
    ['any.words', '["a", "b"]', ['a', 'b']],
    ['any.either', '3', 3],
    ['any.either', 'three', 'three'],
    ['any.name', '12', '12'],
  ])('%s=%j gives %j', (target, value, result) => {
    expect(set(target, value)).toEqual(result)
    expect(workflow.nodes.one?.params).toEqual({ value: 1 })
  })

  it.each([
    [
      'oen.value',
      '1',
      'oen.value: no node "oen", expected one, mix, sum, any, gone; did you mean one',
    ],
    ['one.vlue', '1', 'one.vlue: no param "vlue", expected value; did you mean value'],
    ['one', '1', 'one: no param "", expected value'],
    [
      'sum.weight3',
      '1',
      'sum.weight3: no param "weight3", expected offset, weight1, weight2; did you mean weight1',
    ],
    ['mix.value', '1', 'mix.value: no param "value", expected by'],
    [
      'mix.by',
      '1',
      'mix.by: fed by a link from one.value, expected a free param; set one.value instead',
    ],
    ['one.value', 'much', 'one: value is "much", expected a number'],
    ['one.value', '', 'one: value is "", expected a number'],
    ['any.on', 'yes', 'any: on is "yes", expected true or false'],
    ['gone.x', '1', 'gone: type is "vanished", expected a known type'],
  ])('%s=%j is refused', (target, value, message) => {
    expect(() => set(target, value)).toThrow(new WorkflowError(message))
  })

  it('give a named input to every param it leads to', () => {
    const bound = bindInputs(workflow, { amount: '4' }, catalogue)
    expect(bound.nodes.one?.params).toEqual({ value: 4 })
    expect(bound.nodes.sum?.params).toEqual({ offset: 4 })
    expect(() => bindInputs(workflow, { amout: 1 }, catalogue)).toThrow(
      'input amout: no such input, expected amount; did you mean amount',
    )
  })
})
