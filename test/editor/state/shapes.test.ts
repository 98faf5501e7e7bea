import { describe, expect, test } from 'vitest'
import { connect, disconnect, setParam } from '../../../editor/state/commands/index.ts'
import { converters, fits, fitting, offers } from '../../../editor/state/fits.ts'
import {
  flowOrder,
  inputsOf,
  itemsOf,
  outputsOf,
  paramsOf,
  typesOf,
} from '../../../editor/state/shapes.ts'
import { infoOf } from '../../../editor/state/subgraphs.ts'
import type { Place, Workflow } from '../../../editor/state/types.ts'
import { applyPatch } from '../../../engine/protocol/apply-patch.ts'
import { printSocketType } from '../../../engine/protocol/wiring.ts'
import { check } from '../../../engine/workflow/index.ts'
import { realCatalogue, realInfos, realWorkflow, workflowNames } from '../support/graphs.ts'

const two = realWorkflow('two-loras')
const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name)

function place(text: string): Place {
  const [node, socket] = text.split('.') as [string, string]
  return { node, socket }
}

describe('the sockets of a node', () => {
  const blend = realInfos.get('blend-loras')!

  test('are those of its items without gaps, and one free slot', () => {
    const entry = two.nodes.blend!
    expect(itemsOf(entry, blend)).toBe(2)
    const inputs = inputsOf(entry, blend)
    expect(names(inputs)).toEqual([
      ...['model', 'textEncoder', 'lora1', 'ratio1', 'textRatio1'],
      ...['lora2', 'ratio2', 'textRatio2', 'lora3'],
    ])
    expect(inputs.filter(({ free }) => free).map(({ name }) => name)).toEqual(['lora3'])
    expect(names(paramsOf(entry, blend))).toContain('ratio2')
    expect(names(paramsOf(entry, blend))).not.toContain('ratio3')
  })

  test('have an output that needs an input only while that is linked', () => {
    expect(names(outputsOf(two.nodes.blend!, blend))).toEqual(['model', 'textEncoder'])
    const cut = applyPatch(two, disconnect(two, place('blend.textEncoder'), realInfos))
    expect(names(outputsOf(cut.nodes.blend!, blend))).toEqual(['model'])
  })

  test('hold all links and params of every workflow that comes along', () => {
    for (const name of workflowNames) {
      const workflow = realWorkflow(name)
      for (const [id, entry] of Object.entries(workflow.nodes)) {
        const info = infoOf(workflow, entry, realInfos)!
        const inputs = names(inputsOf(entry, info))
        const params = names(paramsOf(entry, info))
        for (const key of Object.keys(entry.inputs ?? {})) {
          expect(inputs, `${name} ${id}`).toContain(key)
        }
        for (const key of Object.keys(entry.params ?? {})) {
          expect(params, `${name} ${id}`).toContain(key)
        }
      }
    }
  })
})

describe('types along links', () => {
  test('are right in every workflow that comes along', () => {
    for (const name of workflowNames) {
      const types = typesOf(realWorkflow(name), realInfos)
      expect([...types.wrong], name).toEqual([])
    }
  })

  test('pass through a node that takes any value', () => {
    const workflow: Workflow = {
      version: 1,
      nodes: {
        canvas: { type: 'empty-latent' },
        bend: { type: 'reroute', inputs: { value: 'canvas.latent' } },
      },
    }
    const type = typesOf(workflow, realInfos).output(place('bend.value'))
    expect(type && printSocketType(type)).toMatch(/^latent/)
  })

  test('come with the order in which values flow', () => {
    const order = flowOrder(two)
    expect(order).toHaveLength(Object.keys(two.nodes).length)
    expect(order.indexOf('blend')).toBeGreaterThan(order.indexOf('neon'))
    expect(order.indexOf('save')).toBe(order.length - 1)
  })
})

describe('what fits', () => {
  test('is what the check finds right, for every output and input of a workflow', async () => {
    for (const id of Object.keys(two.nodes)) {
      const entry = two.nodes[id]!
      for (const { name } of outputsOf(entry, realInfos.get(entry.type)!)) {
        const from = { node: id, socket: name }
        for (const [key, fit] of fitting(two, realInfos, from, 'output')) {
          const [node, side, socket] = key.split('.') as [string, string, string]
          if (side === 'out') continue
          const linked = applyPatch(two, connect(two, from, { node, socket }))
          const { problems = [] } = await check(linked, realCatalogue)
          const codes = problems.filter(
            (problem) =>
              problem.code === 'cycle' || (problem.node === node && problem.code === 'wrong-type'),
          )
          expect(codes.length === 0, `${id}.${name} -> ${key}`).toBe(fit.fits)
        }
      }
    }
  })

  test('is told from an input as from an output', () => {
    const found = fitting(two, realInfos, place('decode.latent'), 'input')
    expect(found.get('canvas.out.latent')).toEqual({ fits: true })
    expect(found.get('save.out.files')?.fits).toBe(false)
    expect(found.get('checkpoint.out.vae')?.fits).toBe(false)
  })

  test('is refused in words, with the node that converts', () => {
    const fit = fits(two, realInfos, place('decode.image'), place('sampler.latent'))
    expect(fit).toMatchObject({ fits: false, reason: expect.stringMatching(/needs|would need/) })
    const open: Workflow = {
      version: 1,
      nodes: { picture: { type: 'load-image' }, sampler: { type: 'sampler' } },
    }
    const wrong = fits(open, realInfos, place('picture.image'), place('sampler.latent'))
    const title = converters(realInfos, 'image', 'latent')[0]!.title
    expect(wrong).toMatchObject({ fits: false })
    expect('reason' in wrong && wrong.reason).toMatch(/^image given, latent.* expected; add /)
    expect('reason' in wrong && wrong.reason).toContain(title)
  })

  test('is refused where it would make a circle', () => {
    const chain: Workflow = {
      version: 1,
      nodes: {
        one: { type: 'reroute' },
        other: { type: 'blend-loras', params: { ratio1: 1 }, inputs: { model: 'one.value' } },
      },
    }
    expect(fits(chain, realInfos, place('other.model'), place('one.value')).fits).toBe(false)
  })

  test('says which node types take an open end, and by which socket', () => {
    const found = offers(realInfos, 'lora', 'output')
    expect(found.get('blend-loras')).toBe('lora1')
    expect(found.has('empty-latent')).toBe(false)
    expect(offers(realInfos, 'conditioning', 'input').get('encode-prompt')).toBe('conditioning')
  })
})

test('a param that is set and taken out again leaves the others as they were', () => {
  const set = applyPatch(two, setParam(two, 'canvas', 'batch', 2))
  const back = applyPatch(set, setParam(set, 'canvas', 'batch', undefined))
  expect(back.nodes.canvas).toEqual(two.nodes.canvas)
})
