import { diceOf } from '../../drawing/dice.ts'
import { type DrawnPicture, drawPicture } from '../../drawing/draw-picture.ts'
import { halfImage } from '../../drawing/fixed-latent.ts'
import { createBuilder } from '../../onnx/builder.ts'
import { mul, split } from '../../onnx/express.ts'
import { gradient } from '../../onnx/gradient.ts'
import type { Program } from '../../onnx/value.ts'
import type { SessionPool } from '../../runtime/session-pool.ts'
import type { HostTensor } from '../../runtime/tensor.ts'
import { mixSeed } from '../../sampling/mix-seed.ts'
import { TorchRandom } from '../../sampling/torch-random.ts'
import { optimizerSchema } from '../optimizers.ts'
import type { ParameterInfo } from '../parameter.ts'
import { initialState, updateProgram } from '../update-program.ts'
import { drawShift, roughen } from './augment.ts'
import { classCounts, outputCount, targetOf } from './classes.ts'
import { probeLogits, probeShapes } from './network.ts'
import { stacked } from './probe.ts'
import { type StripPlace, stripHeight, stripOf, stripWidth } from './strip.ts'

/** How a probe is trained. */
export interface ProbeTraining {
  readonly seed: number
  /** Drawn pictures to learn from; each is seen many times, always roughened another way. */
  readonly pictures: number
  readonly steps: number
  readonly batch: number
  /** Largest rate of AdamW; it rises over 50 steps and falls along a cosine. */
  readonly learningRate: number
  /** Told the mean loss of a batch. */
  readonly onStep?: (step: number, loss: number) => void
}

/** A strip to learn: where it is cut from, and what it shows. */
export interface ProbeSample {
  /** Halved picture `[3, 64, 64]` in bytes: sets of many have to fit into memory. */
  readonly half: Uint8ClampedArray
  readonly place: StripPlace
  readonly target: Float32Array
  readonly counted: Float32Array
}

/** One picture in so many shows the mascot: as frequent as each of the objects. */
const mascotEvery = 12
/** The probe has one group of parameters; its name is that of a rate and means nothing else. */
const group = 'vae'

/** Strips of drawn pictures, one for each object in them. */
export function probeSamples(count: number, seed: number): ProbeSample[] {
  return Array.from({ length: count }, (_, index) => {
    const concept = diceOf(seed, 'mascot', index).chance(1 / mascotEvery) ? 'mascot' : undefined
    return samplesOf(drawPicture(index, { seed, concept }))
  }).flat()
}

/** A sample's strip, roughened where a generator is given. */
export function sampleStrip({ half, place }: ProbeSample, random?: TorchRandom): Float32Array {
  const strip = stripOf(half, place, random ? drawShift(random) : {}, 255)
  if (random) roughen(strip, random)
  return strip
}

/** Trains a probe from nothing; gives the running averages of its weights. */
export async function trainProbe(
  pool: SessionPool,
  training: ProbeTraining,
): Promise<ReadonlyMap<string, Float32Array>> {
  const { seed, pictures, steps, batch, onStep } = training
  const samples = probeSamples(pictures, seed)
  const parameters = [...probeShapes].map(
    ([name, shape]): ParameterInfo => ({ name, shape, group }),
  )
  const {
    program: update,
    state,
    scalars,
  } = updateProgram(
    {
      optimizer: optimizerSchema.parse({
        learningRate: training.learningRate,
        optimizerArgs: { betas: [0.9, 0.99], weightDecay: 1e-3 },
      }),
      maxGradNorm: 1,
      ema: true,
      emaDecay: 0.995,
    },
    parameters,
  )
  const stepSession = await pool.session('probe step', probeStep)
  const updateSession = await pool.session('probe update', () => update)
  const shapes = new Map<string, readonly number[]>([
    ...parameters.map(({ name, shape }) => [`parameter ${name}`, shape] as const),
    ...state.map(({ name, shape }) => [`state ${name}`, shape] as const),
  ])
  const start = initialWeights(seed)
  const values = new Map<string, Float32Array>([
    ...[...start].map(([name, data]) => [`parameter ${name}`, data] as const),
    ...state.map((info) => [`state ${info.name}`, initialState(info, start)] as const),
  ])
  const feed = (name: string): HostTensor => ({ data: values.get(name)!, shape: shapes.get(name)! })
  for (let step = 1; step <= steps; step++) {
    const feeds = batchOf(samples, batch, seed, step)
    const weights = parameters.map(({ name }) => [name, feed(`parameter ${name}`)] as const)
    const gradients = await stepSession.run({ ...feeds, ...Object.fromEntries(weights) })
    onStep?.(step, lossOf(gradients.probabilities!, feeds.target))
    const rate = rateAt(step, training)
    const next = await updateSession.run({
      ...Object.fromEntries([...values.keys()].map((name) => [name, feed(name)])),
      ...gradients,
      ...scalars(step, { [group]: rate }, 1),
    })
    for (const name of values.keys()) values.set(name, next[`next ${name}`]!.data as Float32Array)
  }
  for (const key of ['probe step', 'probe update']) await pool.release(key)
  return new Map(parameters.map(({ name }) => [name, values.get(`state ema ${name}`)!]))
}

/** Gradients of the cross entropy of every question, summed over the questions. */
function probeStep(): Program {
  const builder = createBuilder('probe-step')
  const image = builder.input('image', 'float32', ['batch', 3, stripHeight, stripWidth])
  const target = builder.input('target', 'float32', ['batch', outputCount])
  const counted = builder.input('counted', 'float32', ['batch', outputCount])
  const share = builder.input('share', 'float32', [])
  const weights = new Map(
    [...probeShapes].map(([name, shape]) => [name, builder.input(name, 'float32', shape)]),
  )
  const logits = probeLogits(builder, image, (name) => weights.get(name)!)
  const parts = split(builder, logits, classCounts, 1)
  const answers = parts.map((part) => builder.op('Softmax', [part], { axis: 1 }))
  const probabilities = builder.op('Concat', answers, { axis: 1 })
  // The derivative of the cross entropy by the logits is probability minus target.
  const off = mul(builder, builder.op('Sub', [probabilities, target]), counted)
  const gradOut = mul(builder, off, share)
  const gradients = gradient(builder, [{ value: logits, gradOut }], [...weights.values()])
  builder.output('probabilities', probabilities)
  gradients.forEach((value, i) => {
    builder.output(`gradient ${[...weights.keys()][i]}`, value)
  })
  return builder.finish()
}

function batchOf(samples: readonly ProbeSample[], batch: number, seed: number, step: number) {
  const random = new TorchRandom(mixSeed(seed, 'probe', step))
  const chosen = random.integers(batch, samples.length).map((index) => samples[index]!)
  const rows = (row: (sample: ProbeSample) => Float32Array): HostTensor => ({
    data: Float32Array.from(chosen.flatMap((sample) => [...row(sample)])),
    shape: [batch, outputCount],
  })
  return {
    image: stacked(chosen.map((sample) => sampleStrip(sample, random))),
    target: rows(({ target }) => target),
    counted: rows(({ counted }) => counted),
    share: { data: Float32Array.of(1 / batch), shape: [] },
  }
}

function samplesOf({ image, size, facts }: DrawnPicture): ProbeSample[] {
  const half = Uint8ClampedArray.from(halfImage(image, size), (value) => value * 255)
  const places = facts.position === 'both' ? (['left', 'right'] as const) : [facts.position]
  return facts.objects.map((object, i) => ({ half, place: places[i]!, ...targetOf(object, facts) }))
}

/** He et al. 2015 (arXiv 1502.01852): variance 2 / inputs; the last layer starts at a tenth. */
function initialWeights(seed: number): ReadonlyMap<string, Float32Array> {
  return new Map(
    [...probeShapes].map(([name, shape]) => {
      const size = shape.reduce((product, side) => product * side, 1)
      if (shape.length === 1) return [name, new Float32Array(size)]
      const spread = Math.sqrt((2 * shape[0]!) / size) * (shape.length === 2 ? 0.1 : 1)
      const numbers = new TorchRandom(mixSeed(seed, name)).normal(size)
      return [name, numbers.map((number) => number * spread)]
    }),
  )
}

function rateAt(step: number, { steps, learningRate }: ProbeTraining): number {
  const rise = Math.min(1, step / 50)
  const fall = 0.51 + 0.49 * Math.cos((Math.PI * step) / steps)
  return learningRate * rise * fall
}

function lossOf(probabilities: HostTensor, target: HostTensor): number {
  const found = probabilities.data as Float32Array
  const sum = found.reduce((total, p, i) => total - (target.data[i] ? Math.log(p + 1e-9) : 0), 0)
  return sum / target.shape[0]!
}
