import { z } from 'zod'
import { defineNode, editCaptions, WorkflowError } from '../engine/index.ts'

const text = z.string().max(2000).default('')

export default defineNode({
  type: 'caption-edit',
  title: 'Edit captions',
  category: 'training',
  description: 'Changes the captions of a dataset; the files stay as they are.',
  inputs: { dataset: 'dataset' },
  params: z.object({
    whereEmpty: text.describe('caption of pictures that have none'),
    find: text.describe('text to look for'),
    replace: text.describe('what stands in its place'),
    isPattern: z.boolean().default(false).describe('find is a regular expression'),
    removeTags: z.array(z.string()).default([]).describe('tags to take out'),
    renameTags: z.record(z.string(), z.string()).default({}).describe('tag -> tag in its place'),
    unique: z.boolean().default(false).describe('tags that stand twice stand once'),
    trigger: text.describe('word that is to call the LoRA: first tag of every caption'),
    prefix: text.describe('put before every caption'),
    suffix: text.describe('put after every caption'),
    regularisation: z.boolean().default(false).describe('pictures of the class too'),
  }),
  outputs: { dataset: 'dataset' },
  async run({ dataset }, { find, isPattern, ...edit }) {
    const wanted = find !== '' && isPattern ? patternOf(find) : find
    return { dataset: await editCaptions(dataset, { ...edit, find: wanted }) }
  },
})

function patternOf(find: string): RegExp {
  try {
    return new RegExp(find, 'gu')
  } catch (cause) {
    const shown = JSON.stringify(find)
    throw new WorkflowError(`find: ${shown} is no regular expression, one expected`, { cause })
  }
}
