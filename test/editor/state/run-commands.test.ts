import { afterEach, describe, expect, test, vi } from 'vitest'
import { link } from '../../../editor/link/client.ts'
import { addNode, setParam } from '../../../editor/state/commands/index.ts'
import {
  graphProblemsPlace,
  liveSteps,
  seedPlaces,
  startWatching,
  wantedNodes,
} from '../../../editor/state/run-commands.ts'
import { settings } from '../../../editor/state/settings.ts'
import { problems } from '../../../editor/state/stores.ts'
import { leaveTabs, newTab } from '../../../editor/state/tabs.ts'
import { applyPatch } from '../../../engine/protocol/apply-patch.ts'
import { realInfos, realWorkflow } from '../support/graphs.ts'
import { startRelay } from '../support/relay.ts'

const two = realWorkflow('two-loras')

afterEach(async () => {
  link.close()
  await leaveTabs()
})

describe('a live try', () => {
  test('takes fewer steps in every node that would take more', () => {
    settings.setState({ liveSteps: 6 })
    expect(liveSteps(two, realInfos)).toEqual({ 'sampler.steps': 6 })
    const short = applyPatch(two, setParam(two, 'sampler', 'steps', 4))
    expect(liveSteps(short, realInfos)).toEqual({})
    const usual = applyPatch(two, setParam(two, 'sampler', 'steps', undefined))
    expect(liveSteps(usual, realInfos)).toEqual({ 'sampler.steps': 6 })
  })

  test('is begun only by what an output needs', () => {
    const added = addNode(two, { type: 'load-lora', x: 0, y: 0 }, realInfos)
    const wanted = wantedNodes(applyPatch(two, added.ops), realInfos)
    expect(wanted.has('blend')).toBe(true)
    expect(wanted.has(added.id)).toBe(false)
  })
})

test('every seed of a workflow is known, with its bounds', () => {
  expect(seedPlaces(two, realInfos)).toEqual([
    expect.objectContaining({ node: 'sampler', param: 'seed', fallback: 0 }),
  ])
})

describe('the check', () => {
  test('is asked once edits rest, of the document as it is then', async () => {
    await using relay = await startRelay()
    link.connect({ address: relay.address, client: 'a' })
    await vi.waitFor(() => expect(link.state).toBe('open'))
    const document = newTab(two)
    const end = startWatching()
    for (let steps = 1; steps <= 5; steps++) {
      document.transact('steps', setParam(document.workflow, 'sampler', 'steps', steps))
    }
    const asked = () => relay.heard.filter(({ message }) => message.type === 'check')
    await vi.waitFor(() => expect(asked()).toHaveLength(1))
    await vi.waitFor(() => expect(problems.getState().checking).toBe(false))
    expect(asked()[0]!.message).toMatchObject({ workflow: document.workflow })
    end()
  })

  test('says where to jump', () => {
    const problem = { code: 'wrong-type', node: 'sampler', socket: 'latent', message: '' } as const
    expect(graphProblemsPlace(problem)).toEqual({
      ...{ node: 'sampler', part: 'latent', named: undefined },
    })
  })
})
