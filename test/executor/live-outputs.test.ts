import { describe, expect, it } from 'vitest'
import { liveOutputs } from '../../engine/executor/live-outputs.ts'
import { check, createCatalogue, plan, readWorkflow } from '../../engine/workflow/index.ts'
import { nodes } from '../../nodes/index.ts'

const catalogue = createCatalogue(nodes)
const drawing = {
  load: { type: 'load-image', params: { file: 'a.png' } },
  small: { type: 'resize-image', params: {}, inputs: { image: 'load.image' } },
  save: { type: 'save-image', inputs: { image: 'small.image' } },
  show: { type: 'preview', inputs: { image: 'small.image' } },
  strength: { type: 'number', params: { value: 3 } },
}

async function outputsOf(outputs?: Record<string, string>, wanted?: string[]) {
  const workflow = readWorkflow({ version: 1, nodes: drawing, ...(outputs && { outputs }) })
  const options = wanted ? { outputs: wanted } : {}
  const { graph, problems } = await check(workflow, catalogue, options)
  if (!graph) throw new Error(problems.map(({ message }) => message).join())
  return liveOutputs(plan(graph, options))
}

describe('a try', () => {
  it('takes the picture that would be saved or shown, for all nodes that take it', async () => {
    const { outputs, standsFor } = await outputsOf()
    expect(outputs).toEqual(['small.image'])
    expect(standsFor.get('small.image')).toEqual([
      { name: 'save.image', node: 'save' },
      { name: 'show.image', node: 'show' },
    ])
  })

  it('keeps names of outputs, leaves out saved files and keeps what saves nothing', async () => {
    const named = { picture: 'save.image', files: 'save.files', strength: 'strength.value' }
    const { outputs, standsFor } = await outputsOf(named)
    expect(outputs).toEqual(['small.image', 'strength.value'])
    expect(standsFor.get('small.image')).toEqual([{ name: 'picture', node: 'save' }])
  })

  it('is refused where nothing would be left of it', async () => {
    await expect(outputsOf({ files: 'save.files' })).rejects.toThrow('no picture to show')
  })
})
