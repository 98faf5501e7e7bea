import { z } from 'zod'
import {
  checkAccepted,
  contactSheet,
  defineNode,
  doctorSchema,
  examineDataset,
  refusals,
} from '../engine/index.ts'

export default defineNode({
  type: 'dataset-doctor',
  title: 'Dataset doctor',
  category: 'training',
  description:
    'Looks for duplicates, blur, small and badly cut pictures, bad captions, imbalance and missing licences.',
  inputs: { dataset: 'dataset' },
  params: z.object({
    refuse: z
      .enum(refusals)
      .default('errors')
      .describe('from which findings on the run stops here'),
    ...doctorSchema.shape,
  }),
  outputs: {
    dataset: 'dataset',
    report: { type: 'text', description: 'JSON with every finding and picture' },
    sheet: { type: 'image', description: 'contact sheet' },
  },
  async run({ dataset }, { refuse, ...limits }, { progress, preview }) {
    const examination = await examineDataset(dataset, {
      ...limits,
      onPicture: (step, steps) => progress({ step, steps }),
    })
    const sheet = contactSheet(examination)
    preview(sheet)
    checkAccepted(examination.report, refuse)
    return { dataset, report: JSON.stringify(examination.report), sheet }
  },
})
