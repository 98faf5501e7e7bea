import {
  defineNode,
  folderParams,
  readFolders,
  settingsOfParams,
  WorkflowError,
} from '../engine/index.ts'

export default defineNode({
  type: 'dataset',
  title: 'Dataset',
  category: 'training',
  description: 'A folder of pictures with captions, to train with.',
  params: folderParams,
  outputs: { dataset: 'dataset' },
  async inspect(params) {
    // What comes over a link is not known yet.
    if (sizes.some((name) => !(name in params))) return []
    try {
      settingsOfParams(params)
      return []
    } catch (error) {
      if (error instanceof WorkflowError) return [error.message]
      throw error
    }
  },
  async run(_, params, { services, warn }) {
    const dataset = await readFolders(params, (name) => services.files.folder(name))
    for (const problem of dataset.problems) warn(problem)
    return { dataset }
  },
})

/** Params that must fit together. */
const sizes = [
  ...['resolution', 'resolutionHeight', 'enableBucket', 'minBucketReso', 'maxBucketReso'],
] as const
