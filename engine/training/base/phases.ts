import { z } from 'zod'
import type { PartName } from './parts.ts'

/** A stretch of a training with pictures, a size and a rate of its own. */
export const phaseSchema = z.strictObject({
  steps: z.int().min(1).describe('of the optimizer'),
  batch: z.int().min(1).max(1024).describe('pictures a step'),
  side: z
    .union([z.literal(64), z.literal(128)])
    .describe('pixels; 64 shows whole pictures at half the size, to a VAE also parts of them'),
  pictures: z.int().min(1).describe('drawn pictures to learn from'),
  styled: z.int().min(0).default(0).describe('pictures in a style besides, for a VAE'),
  rate: z.number().positive().describe('highest learning rate'),
  warmUp: z.int().min(0).default(0).describe('steps over which the rate rises'),
  end: z.number().min(0).max(1).describe('share of the rate at the end of its cosine'),
  from: z.number().min(0).max(1).default(0).describe('where on its cosine the phase begins'),
  to: z.number().min(0).max(1).default(1).describe('where on its cosine it ends'),
  late: z.boolean().default(true).describe('with the resnets that add nothing at first'),
  averageKeep: z.number().min(0).max(1).describe('what a step keeps of the running average'),
})
export type Phase = z.infer<typeof phaseSchema>

/** The phases of the demo model. Each begins with the running averages of the one before. */
export const demoPhases: Readonly<Record<PartName, readonly Phase[]>> = {
  // At half the size it learns the words, the skies and the colours, at a quarter of the cost.
  denoiser: [
    denoiserPhase({ steps: 975, side: 64, pictures: 5000, warmUp: 100, end: 0.5 }),
    denoiserPhase({ steps: 2525, side: 128, pictures: 6000, warmUp: 60, end: 0.02 }),
  ],
  // One cosine over all: the dear last resnets come late, whole pictures at the end.
  decoder: [
    decoderPhase({ steps: 1600, side: 64, batch: 8, warmUp: 50, to: 0.5, late: false }),
    decoderPhase({ steps: 560, side: 64, batch: 8, warmUp: 20, from: 0.5, to: 0.8 }),
    decoderPhase({ steps: 320, side: 128, batch: 2, warmUp: 20, from: 0.8 }),
    decoderPhase({ steps: 600, side: 128, batch: 2, warmUp: 20, rate: 5e-4 }),
  ],
  encoder: [
    encoderPhase({ steps: 700, side: 64, batch: 16, warmUp: 50, to: 0.7 }),
    encoderPhase({ steps: 250, side: 128, batch: 4, warmUp: 10, from: 0.7 }),
  ],
}

/** The learning rate of a step of a phase, from 0. */
export function rateAt(phase: Phase, step: number): number {
  const { rate, warmUp, end, from, to, steps } = phase
  const progress = from + ((to - from) * step) / steps
  const rise = warmUp === 0 ? 1 : Math.min(1, (step + 1) / warmUp)
  return rate * rise * (end + (1 - end) * 0.5 * (1 + Math.cos(Math.PI * progress)))
}

function denoiserPhase(own: Partial<Phase>): Phase {
  return phaseSchema.parse({ batch: 32, rate: 1.2e-3, averageKeep: 0.999, ...own })
}

function decoderPhase(own: Partial<Phase>): Phase {
  const shared = { pictures: 5000, styled: 1400, rate: 1e-3, end: 0.03, averageKeep: 0.998 }
  return phaseSchema.parse({ ...shared, ...own })
}

function encoderPhase(own: Partial<Phase>): Phase {
  const shared = { pictures: 5000, styled: 1400, rate: 1.5e-3, end: 0.03, averageKeep: 0.995 }
  return phaseSchema.parse({ ...shared, late: false, ...own })
}
