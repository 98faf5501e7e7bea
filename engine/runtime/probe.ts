import { messageOf } from '../errors.ts'
import type { OpName } from '../onnx/ops/index.ts'
import type { Program } from '../onnx/value.ts'
import { type Device, type FusedOp, fusedOps, type Provider } from './device.ts'
import type { ProbeCase } from './probe-cases.ts'
import { checksumError } from './probe-checksums.ts'
import type { Session, SessionOptions } from './session.ts'
import type { HostTensor } from './tensor.ts'

/** What one case showed on a device. */
export interface CaseResult {
  readonly name: string
  readonly op: OpName
  /** `failed`: it gave no result at all. */
  readonly verdict: 'right' | 'wrong' | 'failed'
  /** Greatest difference over the greatest expected number; absent where it cannot be told. */
  readonly error?: number
  readonly reason?: string
  /** The device has no kernel for a part of it, which the runtime leaves to the processor. */
  readonly isElsewhere?: true
  /** Loading and running, in milliseconds. */
  readonly milliseconds: number
}

type Judgement = Pick<CaseResult, 'verdict' | 'error' | 'reason'>

/** What follows from the results: how programs are to be built and run on the device. */
export interface Conclusion {
  readonly fused: readonly FusedOp[]
  /** Ops that the device gets wrong and the processor is to compute. */
  readonly cpuOps: readonly OpName[]
  /** Why the device is not to be used at all. */
  readonly refused?: string
}

/** How cases are run; tests bring their own. */
export interface ProbeBench {
  readonly device: Device
  /** Where the expected numbers come from; the processor itself is held to recorded checksums. */
  readonly reference: Device | 'recorded'
  open(program: Program, device: Device, options?: SessionOptions): Promise<Session>
  /** Milliseconds. */
  clock(): number
}

/**
 * Greatest relative error that counts as right. float32 arithmetic in another order stays below
 * 1e-4; CUDA multiplies with the 10-bit mantissa of TF32 unless it is told not to.
 */
const tolerance: Readonly<Record<Provider, number>> = { cpu: 1e-4, webgpu: 1e-4, cuda: 5e-3 }

/** Ops that carry the work: where the processor would compute them, it computes all. */
const heavyOps: ReadonlySet<OpName> = new Set<OpName>(['Conv', 'Gemm', 'MatMul'])

/** Runs cases on a device and compares with the reference. Gives results as they come. */
export async function* runProbe(
  cases: readonly ProbeCase[],
  bench: ProbeBench,
): AsyncGenerator<CaseResult> {
  const { device, reference, clock } = bench
  for (const one of cases) {
    const { name, op } = one
    const expected =
      reference === 'recorded'
        ? undefined
        : await resultsOf(one, await bench.open(one.program, reference))
    const start = clock()
    try {
      const { session, isElsewhere } = await openStrictly(one.program, bench)
      const found = await resultsOf(one, session)
      const milliseconds = clock() - start
      const judgement = expected
        ? judge(found, expected, device.provider)
        : judgeError(checksumError(name, found), device.provider)
      yield { name, op, ...judgement, ...(isElsewhere && { isElsewhere }), milliseconds }
    } catch (thrown) {
      const milliseconds = clock() - start
      yield { name, op, verdict: 'failed', reason: messageOf(thrown), milliseconds }
    }
  }
}

/** Reads off the results what is to be avoided. A fused op has plain ops that take its place. */
export function conclude(results: readonly CaseResult[], provider: Provider): Conclusion {
  const bad = new Map<OpName, CaseResult>()
  for (const result of results) {
    const { op, verdict, isElsewhere } = result
    // A light op without a kernel is computed by the processor as it is.
    const isMissing = isElsewhere && (heavyOps.has(op) || isFused(op))
    if ((verdict !== 'right' || isMissing) && !bad.has(op)) bad.set(op, result)
  }
  const plain = [...bad.keys()].filter((op) => !isFused(op))
  const fused = fusedOps.filter((op) => !bad.has(op))
  // Only WebGPU takes the names of ops that are to run elsewhere.
  const grave = plain.find((op) => provider !== 'webgpu' || heavyOps.has(op))
  const refused = grave && describeResult(bad.get(grave)!)
  return { fused, cpuOps: plain, ...(refused && { refused }) }
}

/** One result as a sentence: `Conv, 3x3: off by 0.2`. */
export function describeResult({ name, verdict, error, reason, isElsewhere }: CaseResult): string {
  if (reason !== undefined) return `${name}: ${reason}`
  if (isElsewhere && verdict === 'right') return `${name}: the device has no kernel for it`
  return `${name}: off by ${error?.toPrecision(2)}`
}

function isFused(op: OpName): op is FusedOp {
  return (fusedOps as readonly string[]).includes(op)
}

/** How far apart two lists of tensors are. */
export function judge(
  found: readonly HostTensor[],
  expected: readonly HostTensor[],
  provider: Provider,
): Judgement {
  let error = 0
  for (const [index, tensor] of expected.entries()) {
    const other = found[index]
    if (other?.shape.join() !== tensor.shape.join()) {
      const shape = other ? `[${other.shape.join(', ')}]` : 'nothing'
      const reason = `gives ${shape}, expected [${tensor.shape.join(', ')}]`
      return { verdict: 'wrong', reason }
    }
    error = Math.max(error, errorOf(other, tensor))
  }
  return judgeError(error, provider)
}

function judgeError(error: number, provider: Provider): Judgement {
  if (!Number.isFinite(error)) return { verdict: 'wrong', reason: 'gives no finite numbers' }
  return { verdict: error <= tolerance[provider] ? 'right' : 'wrong', error }
}

/** Greatest difference over the greatest expected number. */
function errorOf(found: HostTensor, expected: HostTensor): number {
  let difference = 0
  let greatest = 1e-30
  for (let i = 0; i < expected.data.length; i++) {
    const [value, other] = [Number(expected.data[i]), Number(found.data[i])]
    if (!Number.isFinite(other)) return Number.POSITIVE_INFINITY
    difference = Math.max(difference, Math.abs(value - other))
    greatest = Math.max(greatest, Math.abs(value))
  }
  return difference / greatest
}

/** A session on the device alone or, where the runtime has to share it, as programs run. */
async function openStrictly(
  program: Program,
  { open, device }: ProbeBench,
): Promise<{ session: Session; isElsewhere?: true }> {
  if (device.provider === 'cpu' || device.cpuOps) return { session: await open(program, device) }
  try {
    return { session: await open(program, device, { isStrict: true }) }
  } catch (thrown) {
    if (!/assigned to the default CPU EP/.test(messageOf(thrown))) throw thrown
    return { session: await open(program, device), isElsewhere: true }
  }
}

/** The results of all feeds one after another. Releases the session. */
async function resultsOf({ program, feeds }: ProbeCase, session: Session): Promise<HostTensor[]> {
  try {
    const tensors: HostTensor[] = []
    for (const feed of feeds) {
      const results = await session.run(feed)
      tensors.push(...program.outputs.map(({ name }) => results[name]!))
    }
    return tensors
  } finally {
    await session.release()
  }
}
