import { z } from 'zod'
import {
  defineNode,
  demoFacts,
  demoPlan,
  modelFile,
  packFile,
  type SocketValues,
  safeName,
  saveBeside,
  WorkflowError,
} from '../engine/index.ts'

type Part = SocketValues['weights']

export default defineNode({
  type: 'save-new-model',
  title: 'Save new model',
  category: 'training',
  description: 'Joins the parts of a new model into one checkpoint of the layout of SD 1.x, fp16.',
  inputs: { denoiser: 'weights', decoder: 'weights', encoder: 'weights' },
  params: z.object({
    name: z.string().min(1).default('new-model').describe('beginning of the file name'),
    title: z.string().default(demoFacts.title).describe('title in the file'),
    author: z
      .string()
      .default(demoFacts.author ?? '')
      .describe('author in the file'),
    description: z
      .string()
      .default(demoFacts.description ?? '')
      .describe('what the file says of itself'),
    licence: z
      .string()
      .default(demoFacts.licence ?? '')
      .describe('such as CC0-1.0'),
    rounded: z
      .boolean()
      .default(false)
      .describe('8 significant bits a weight, as bfloat16 has: packs to four fifths'),
    pack: z.boolean().default(false).describe('write it in small besides, ending .br'),
  }),
  outputs: { file: 'text', files: 'list<text>' },
  sink: true,
  async inspect({ name }) {
    if (name !== undefined) safeName('output', name)
    return []
  },
  async run(inputs, { name, pack, ...facts }, { services }) {
    const weights = joined(inputs)
    const bytes = modelFile(demoPlan, weights, { ...demoFacts, ...facts })
    const saved = await services.files.save(`${name}.safetensors`, bytes)
    const files = [saved.path]
    if (pack) files.push((await saveBeside(saved, '.safetensors.br', await packFile(bytes))).path)
    return { file: saved.path, files }
  },
})

/** All tensors, each part from the input that is named for it. */
function joined(parts: Readonly<Record<Part['part'], Part>>) {
  const wrong = Object.entries(parts).find(([name, { part }]) => part !== name)
  if (wrong)
    throw new WorkflowError(`${wrong[0]}: the ${wrong[1].part} is linked, ${wrong[0]} expected`)
  return new Map(Object.values(parts).flatMap(({ weights }) => [...weights]))
}
