import { DeviceError, WorkflowError } from '../../errors.ts'
import type { Trainer } from '../trainer.ts'

/** What a message of the guard names. */
export interface GuardedStep {
  readonly name: string
  readonly step: number
  /** Of the last state on disk; 0 where there is none. */
  readonly savedStep: number
}

/** A sample of a step: its picture, its timestep and its loss. */
export interface GuardedSample {
  readonly picture: string
  readonly timestep: number
  readonly loss: number
}

/** What the guard looks at where a number is not finite. */
type Numbers = Pick<Trainer, 'fetch' | 'snapshot'>

/**
 * Throws a DeviceError where a loss is not a finite number, naming the samples and the tensor that
 * has a number that is not finite, or the largest of all.
 */
export async function refuseBadLosses(
  at: GuardedStep,
  samples: readonly GuardedSample[],
  trainer: Numbers,
): Promise<void> {
  const bad = samples.filter(({ loss }) => !Number.isFinite(loss))
  if (bad.length === 0) return
  const named = bad
    .slice(0, 4)
    .map(({ picture, timestep, loss }) => `${loss} for ${picture} at timestep ${timestep}`)
  const more = bad.length > 4 ? ` and ${bad.length - 4} more` : ''
  await trainer.fetch()
  const { tensor, value } = worstOf(trainer.snapshot())
  const worst = `${tensor} holds ${Number(value.toPrecision(3))}`
  throw new DeviceError(
    `${place(at)}: the loss is ${named.join(', ')}${more} while ${worst}, finite numbers expected; ${remedy(at)}`,
  )
}

/**
 * Throws a DeviceError where an update gave a number that is not finite, naming the first tensor
 * that it spoiled and the samples of the step.
 */
export async function refuseBadUpdate(
  at: GuardedStep,
  norms: Readonly<Record<string, number>>,
  trainer: Numbers,
  samples: readonly GuardedSample[],
): Promise<void> {
  const bad = Object.entries(norms).find(([, norm]) => !Number.isFinite(norm))
  if (!bad) return
  const pictures = [...new Set(samples.map(({ picture }) => picture))]
  await trainer.fetch()
  const tensor = firstBad(trainer.snapshot()) ?? bad[0]
  throw new DeviceError(
    `${place(at)}: ${tensor} is not finite after ${pictures.slice(0, 8).join(', ')}, finite numbers expected; ${remedy(at)}`,
  )
}

/** Above this many times the first losses, nothing is learnt any more; l2 of noise is near 1. */
const divergedFactor = 100
/** Steps whose mean is "the first losses". */
const firstSteps = 10

/** Throws a WorkflowError where the average has run far away from where it began. */
export function refuseDivergence(
  at: GuardedStep,
  log: readonly { readonly loss: number }[],
  { average, rates }: { average: number; rates: Readonly<Record<string, number>> },
): void {
  const first = log.slice(0, firstSteps)
  const begun = first.reduce((sum, { loss }) => sum + loss, 0) / first.length
  const limit = divergedFactor * Math.max(Math.min(begun, 1), 0.01)
  if (!(average > limit)) return
  const used = Object.entries(rates).map(([group, value]) => `${value} for ${group}`)
  throw new WorkflowError(
    `${place(at)}: the average loss is ${average.toPrecision(3)} at a rate of ${used.join(', ')}, at most ${limit.toPrecision(3)} expected; lower the rate, the training diverges; ${kept(at)}`,
  )
}

function firstBad(tensors: ReadonlyMap<string, Float32Array>): string | undefined {
  for (const [name, data] of tensors) {
    const index = data.findIndex((value) => !Number.isFinite(value))
    if (index >= 0) return `${name} at index ${index}`
  }
  return undefined
}

/** The number that is not finite, else the one that is furthest from 0, of what is trained. */
function worstOf(tensors: ReadonlyMap<string, Float32Array>): { tensor: string; value: number } {
  let worst = { tensor: '', value: 0 }
  for (const [tensor, data] of tensors) {
    if (!tensor.startsWith('parameter ')) continue
    for (const value of data) {
      if (!Number.isFinite(value)) return { tensor, value }
      if (Math.abs(value) >= Math.abs(worst.value)) worst = { tensor, value }
    }
  }
  return worst
}

function place({ name, step }: GuardedStep): string {
  return `training "${name}": step ${step}`
}

function remedy(at: GuardedStep): string {
  return `lower the rate or look at these pictures; ${kept(at)}`
}

function kept({ savedStep }: GuardedStep): string {
  return savedStep > 0
    ? `the state of step ${savedStep} is kept`
    : 'no state had been saved before it'
}
