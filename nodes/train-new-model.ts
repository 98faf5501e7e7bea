import { z } from 'zod'
import {
  defineNode,
  demoPhases,
  demoPlan,
  openRunFolder,
  partNames,
  phaseSchema,
  safeName,
  trainPart,
} from '../engine/index.ts'

export default defineNode({
  type: 'train-new-model',
  title: 'Train new model',
  category: 'training',
  description:
    'Trains one part of a tiny model from nothing on drawn pictures. Killed and started again, ' +
    'it goes on where it was.',
  params: z.object({
    part: z.enum(partNames).default('denoiser').describe('the denoiser has the text encoder'),
    name: z.string().min(1).default('new-model').describe('folder below output/training'),
    seed: z.int().min(0).default(1).meta({ seed: true }).describe('draws everything random'),
    phases: z
      .array(phaseSchema)
      .optional()
      .describe('in their order; those of the demo model where absent'),
    stateEverySteps: z.int().min(1).default(100).describe('steps between two saved states'),
    threads: z.int().min(0).max(256).default(0).describe('of the processor; 0: all'),
    restart: z.boolean().default(false).describe('begin anew although there is a state'),
  }),
  outputs: {
    weights: { type: 'weights', description: 'running averages' },
    training: 'training',
  },
  purity: 'seeded',
  sink: true,
  async inspect({ name }) {
    if (name !== undefined) safeName('training', name)
    return []
  },
  async run(_, params, { services, progress, metric, warn, pause }) {
    const { part, seed, stateEverySteps, threads } = params
    const phases = params.phases ?? demoPhases[part]
    const folder = await openRunFolder(services.outputFolder, params.name)
    try {
      if (params.restart) for (const step of await folder.states()) await folder.removeState(step)
      const { pool } = await services.runtime()
      const job = { plan: demoPlan, part, phases, seed, stateEverySteps }
      const { weights, training } = await trainPart(
        { ...job, session: threads > 0 ? { threads } : {} },
        {
          ...{ pool, folder, pause, warn, now: Date.now },
          onDrawn: (step, steps) => progress({ step, steps, note: 'drawing pictures' }),
          onStep({ samples, ...entry }, steps, pace) {
            metric('step', { ...entry, ...pace, steps })
            const phase = `phase ${entry.epoch + 1} of ${phases.length}`
            const left = `${Math.ceil(pace.secondsLeft / 60)} min left of it`
            const note = `${phase}, ${left}, loss ${entry.average.toPrecision(4)}`
            progress({ step: entry.step, steps, note })
          },
        },
      )
      return { weights: { part, weights }, training }
    } finally {
      await folder.close()
    }
  },
})
