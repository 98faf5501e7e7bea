import type { ParameterGroup } from '../../engine/training/parameter.ts'

/**
 * The optimizers once more, number by number in float64, each as its source writes it. A reference
 * changes the parameters that it is given and remembers what it needs.
 */
export interface ReferenceParameter {
  name: string
  shape: readonly number[]
  group: ParameterGroup
  value: Float64Array
  gradient: Float64Array
}

export type Reference = (
  parameters: readonly ReferenceParameter[],
  step: number,
  rates: Readonly<Partial<Record<ParameterGroup, number>>>,
) => void

/** A list of numbers by parameter, zeros at first. */
function memory() {
  const lists = new Map<string, Float64Array>()
  return (name: string, length: number): Float64Array => {
    const list = lists.get(name) ?? new Float64Array(length)
    lists.set(name, list)
    return list
  }
}

/** Adam with decoupled weight decay. */
export function adamWReference(options: {
  betas: [number, number]
  eps: number
  weightDecay: number
}): Reference {
  const [beta1, beta2] = options.betas
  const [m, v] = [memory(), memory()]
  return (parameters, step, rates) => {
    for (const { name, group, value, gradient } of parameters) {
      const rate = rates[group]!
      const [first, second] = [m(name, value.length), v(name, value.length)]
      for (let i = 0; i < value.length; i++) {
        const g = gradient[i]!
        value[i] = value[i]! * (1 - rate * options.weightDecay)
        first[i] = first[i]! + (1 - beta1) * (g - first[i]!)
        second[i] = beta2 * second[i]! + (1 - beta2) * g * g
        const mean = first[i]! / (1 - beta1 ** step)
        const square = second[i]! / (1 - beta2 ** step)
        value[i] = value[i]! - (rate * mean) / (Math.sqrt(square) + options.eps)
      }
    }
  }
}

/** Signs of averaged gradients. */
export function lionReference(options: {
  betas: [number, number]
  weightDecay: number
}): Reference {
  const [beta1, beta2] = options.betas
  const m = memory()
  return (parameters, _step, rates) => {
    for (const { name, group, value, gradient } of parameters) {
      const rate = rates[group]!
      const average = m(name, value.length)
      for (let i = 0; i < value.length; i++) {
        const direction = beta1 * average[i]! + (1 - beta1) * gradient[i]!
        value[i] = value[i]! * (1 - rate * options.weightDecay) - rate * Math.sign(direction)
        average[i] = beta2 * average[i]! + (1 - beta2) * gradient[i]!
      }
    }
  }
}

/** Momentum that looks ahead; the first buffer is the first gradient. */
export function sgdReference(options: { momentum: number; weightDecay: number }): Reference {
  const buffers = new Map<string, Float64Array>()
  return (parameters, _step, rates) => {
    for (const { name, group, value, gradient } of parameters) {
      const slope = gradient.map((g, i) => g + options.weightDecay * value[i]!)
      const before = buffers.get(name)
      const buffer = before ? before.map((b, i) => options.momentum * b + slope[i]!) : slope
      buffers.set(name, buffer)
      for (let i = 0; i < value.length; i++) {
        value[i] = value[i]! - rates[group]! * (slope[i]! + options.momentum * buffer[i]!)
      }
    }
  }
}

export interface AdafactorOptions {
  eps: [number, number]
  clipThreshold: number
  decayRate: number
  beta1?: number
  weightDecay: number
  scaleParameter: boolean
  relativeStep: boolean
  warmupInit: boolean
}

/** Squares by rows and columns of the last two axes. */
export function adafactorReference(options: AdafactorOptions): Reference {
  const [rows, columns, squares, means] = [memory(), memory(), memory(), memory()]
  return (parameters, step, rates) => {
    const beta = 1 - step ** options.decayRate
    for (const { name, shape, group, value, gradient } of parameters) {
      const size = rms(value)
      let rate = rates[group]!
      if (options.relativeStep) {
        rate = Math.min(options.warmupInit ? 1e-6 * step : 1e-2, 1 / Math.sqrt(step))
      }
      if (options.scaleParameter) rate *= Math.max(options.eps[1], size)
      const square = gradient.map((g) => g * g + options.eps[0])
      const update = new Float64Array(value.length)
      if (shape.length < 2) {
        const all = squares(name, value.length)
        for (let i = 0; i < value.length; i++) {
          all[i] = beta * all[i]! + (1 - beta) * square[i]!
          update[i] = gradient[i]! / Math.sqrt(all[i]!)
        }
      } else {
        const [height, width] = shape.slice(-2) as [number, number]
        const planes = value.length / (height * width)
        const row = rows(name, planes * height)
        const column = columns(name, planes * width)
        const at = (plane: number, y: number, x: number) => (plane * height + y) * width + x
        const list = (count: number) => Array.from({ length: count }, (_, index) => index)
        for (const plane of list(planes)) {
          for (const y of list(height)) {
            const mean = average(list(width).map((x) => square[at(plane, y, x)]!))
            const index = plane * height + y
            row[index] = beta * row[index]! + (1 - beta) * mean
          }
          for (const x of list(width)) {
            const mean = average(list(height).map((y) => square[at(plane, y, x)]!))
            const index = plane * width + x
            column[index] = beta * column[index]! + (1 - beta) * mean
          }
          const middle = average(list(height).map((y) => row[plane * height + y]!))
          for (const y of list(height)) {
            for (const x of list(width)) {
              const share = row[plane * height + y]! / middle
              const estimate = share * column[plane * width + x]!
              update[at(plane, y, x)] = gradient[at(plane, y, x)]! / Math.sqrt(estimate)
            }
          }
        }
      }
      const excess = Math.max(1, rms(update) / options.clipThreshold)
      const shift = update.map((u) => (rate * u) / excess)
      if (options.beta1 !== undefined) {
        const mean = means(name, value.length)
        for (let i = 0; i < value.length; i++) {
          mean[i] = options.beta1 * mean[i]! + (1 - options.beta1) * shift[i]!
          shift[i] = mean[i]!
        }
      }
      for (let i = 0; i < value.length; i++) {
        value[i] = value[i]! * (1 - options.weightDecay * rate) - shift[i]!
      }
    }
  }
}

export interface ProdigyOptions {
  betas: [number, number]
  beta3?: number
  eps: number
  weightDecay: number
  decouple: boolean
  useBiasCorrection: boolean
  safeguardWarmup: boolean
  d0: number
  dCoef: number
  growthRate?: number
}

/** Adam that estimates its rate; `distances` collects `d` after every step. */
export function prodigyReference(options: ProdigyOptions, distances: number[]): Reference {
  const [beta1, beta2] = options.betas
  const beta3 = options.beta3 ?? Math.sqrt(beta2)
  const [m, v, sums] = [memory(), memory(), memory()]
  const start = new Map<string, Float64Array>()
  let [d, greatest, numerator, done] = [options.d0, options.d0, 0, 0]
  return (parameters, _step, rates) => {
    const rate = Math.max(...parameters.map(({ group }) => rates[group]!))
    const correction = options.useBiasCorrection
      ? Math.sqrt(1 - beta2 ** (done + 1)) / (1 - beta1 ** (done + 1))
      : 1
    const stride = d * rate * correction
    const ratio = d / options.d0
    let sum = beta3 * numerator
    let reach = 0
    for (const { name, group, value, gradient } of parameters) {
      if (!start.has(name)) start.set(name, value.slice())
      if (rates[group] === 0) continue
      if (!options.decouple) {
        for (let i = 0; i < value.length; i++) {
          gradient[i] = gradient[i]! + options.weightDecay * value[i]!
        }
      }
      const [first, second] = [m(name, value.length), v(name, value.length)]
      const s = sums(name, value.length)
      for (let i = 0; i < value.length; i++) {
        const g = gradient[i]!
        sum += ratio * stride * g * (start.get(name)![i]! - value[i]!)
        first[i] = beta1 * first[i]! + d * (1 - beta1) * g
        second[i] = beta2 * second[i]! + d * d * (1 - beta2) * g * g
        s[i] = beta3 * s[i]! + ratio * (options.safeguardWarmup ? d : stride) * g
        reach += Math.abs(s[i]!)
      }
    }
    if (reach > 0) {
      const estimate = (options.dCoef * sum) / reach
      if (d === options.d0) d = Math.max(d, estimate)
      greatest = Math.max(greatest, estimate)
      d = Math.min(greatest, d * (options.growthRate ?? Number.POSITIVE_INFINITY))
      numerator = sum
      done += 1
      for (const { name, group, value } of parameters) {
        if (rates[group] === 0) continue
        const [first, second] = [m(name, value.length), v(name, value.length)]
        for (let i = 0; i < value.length; i++) {
          if (options.decouple) value[i] = value[i]! * (1 - options.weightDecay * stride)
          value[i] = value[i]! - (stride * first[i]!) / (Math.sqrt(second[i]!) + d * options.eps)
        }
      }
    }
    distances.push(d)
  }
}

function average(list: readonly number[]): number {
  return list.reduce((sum, x) => sum + x, 0) / list.length
}

function rms(list: Float64Array): number {
  return Math.sqrt(average(Array.from(list, (x) => x * x)))
}
