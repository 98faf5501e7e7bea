import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blockName, type CheckBlock, createCheckBlock } from '../../engine/inference/check-block.ts'
import { type Device, fusedOps, type Provider } from '../../engine/runtime/device.ts'
import { type OpenDeviceOptions, openDevice } from '../../engine/runtime/open-device.ts'
import { type CaseResult, conclude, describeResult, judge } from '../../engine/runtime/probe.ts'
import { probeCases } from '../../engine/runtime/probe-cases.ts'
import recorded from '../../engine/runtime/probe-checksums.json' with { type: 'json' }
import { checksumError } from '../../engine/runtime/probe-checksums.ts'
import { allCases, referenceChecksum } from '../onnx/record-checksums.ts'
import { emptyMemory, type FakeOptions, fakeExaminer, tenthTooLarge } from './fakes.ts'

const few = probeCases().filter(({ name }) =>
  /^(Sin|Conv, 1x1 of odd|Gelu|QuickGelu|Multi.*16 on 16|Multi.*17 on 77|Gemm, 33)/.test(name),
)

const withoutGelu = fusedOps.filter((op) => op !== 'Gelu')

let check: CheckBlock
beforeAll(() => {
  check = createCheckBlock()
})
afterAll(() => check.remove())

interface Opened {
  device: Device
  notices: string[]
}

/** Opens a faulty device. */
async function open(
  faults: FakeOptions['faults'],
  options: Partial<OpenDeviceOptions> = {},
): Promise<Opened> {
  const notices: string[] = []
  const device = await openDevice({
    provider: 'webgpu',
    memory: emptyMemory(),
    examiner: fakeExaminer({ faults: faults ?? {} }),
    cases: few,
    block: check.block,
    onNotice: (sentence) => notices.push(sentence),
    ...options,
  })
  return { device, notices }
}

describe('a device that is right', () => {
  it('is opened with all fused ops', async () => {
    const { device, notices } = await open({})
    expect(device).toEqual({
      provider: 'webgpu',
      name: 'Faulty',
      type: 'float32',
      fused: new Set(fusedOps),
    })
    expect(notices).toEqual(['webgpu: probing Faulty, once'])
  })

  it('is chosen by auto', async () => {
    expect((await open({}, { provider: 'auto' })).device.provider).toBe('cuda')
  })
})

describe('a device that is wrong', () => {
  it('gets plain ops for a fused op that is', async () => {
    const { device, notices } = await open({ MultiHeadAttention: tenthTooLarge })
    expect([...device.fused]).toEqual(['QuickGelu', 'Gelu', 'FusedMatMul'])
    expect(device.cpuOps).toBeUndefined()
    expect(notices).toEqual([
      'webgpu: probing Faulty, once',
      'webgpu: MultiHeadAttention built of plain ops',
    ])
  })

  it('leaves a light op to the processor', async () => {
    const { device, notices } = await open({ Sin: tenthTooLarge })
    expect(device.provider).toBe('webgpu')
    expect(device.cpuOps).toEqual(new Set(['Sin']))
    expect(notices.at(-1)).toBe('webgpu: Sin computed by the processor')
  })

  it('gives way to the processor where a heavy op is', async () => {
    const { device, notices } = await open({ Conv: tenthTooLarge })
    expect(device.provider).toBe('cpu')
    expect(notices.at(-1)).toBe(
      'webgpu: Faulty is not used: Conv, 1x1 of odd channels: off by 0.10; mazeru doctor --fresh probes it again',
    )
  })

  it('gives way to the processor where an op cannot be left to it', async () => {
    const { device } = await open({ Sin: tenthTooLarge }, { provider: 'cuda' })
    expect(device.provider).toBe('cpu')
  })

  it('gives way to the processor where only a whole block is', async () => {
    // No single case has a skip connection.
    const { device, notices } = await open({ Concat: tenthTooLarge })
    expect(device.provider).toBe('cpu')
    expect(notices.at(-1)).toContain(`webgpu: Faulty is not used: ${blockName}: off by 0.`)
  })

  it('gives way to the next one', async () => {
    const faulty = fakeExaminer({ faults: { Conv: tenthTooLarge } })
    const right = fakeExaminer()
    const probe = (device: Device, cases: typeof few) =>
      (device.provider === 'cuda' ? faulty : right).probe(device, cases)
    const { device } = await open({}, { provider: 'auto', examiner: { ...right, probe } })
    expect(device.provider).toBe('webgpu')
  })

  it('is one that gives no numbers, other shapes or nothing', async () => {
    const shape = [1]
    const one = { data: new Float32Array([1]), shape }
    const nan = { data: new Float32Array([Number.NaN]), shape }
    const other = { data: new Float32Array([1]), shape: [1, 1] }
    expect(judge([one], [one], 'webgpu')).toEqual({ verdict: 'right', error: 0 })
    expect(judge([nan], [one], 'webgpu').reason).toBe('gives no finite numbers')
    expect(judge([other], [one], 'webgpu').reason).toBe('gives [1, 1], expected [1]')
    expect(judge([], [one], 'webgpu').reason).toBe('gives nothing, expected [1]')
    const { device } = await open({
      Gelu: (session) => ({
        ...session,
        run: async () => {
          throw new Error('lost')
        },
      }),
    })
    expect([...device.fused]).toEqual(withoutGelu)
  })
})

describe('a device without a kernel', () => {
  const opened = (op: string) => open({}, { examiner: fakeExaminer({ missing: [op] }) })

  it('gets plain ops for a fused op', async () => {
    expect([...(await opened('Gelu')).device.fused]).toEqual(withoutGelu)
  })

  it('leaves a light op to the processor, as the runtime does', async () => {
    const { device, notices } = await opened('Sin')
    expect(device.cpuOps).toBeUndefined()
    expect(notices).toHaveLength(1)
  })

  it('gives way to the processor for a heavy op', async () => {
    const { device, notices } = await opened('Conv')
    expect(device.provider).toBe('cpu')
    expect(notices.at(-1)).toBe(
      'webgpu: Faulty is not used: Conv, 1x1 of odd channels: the device has no kernel for it; mazeru doctor --fresh probes it again',
    )
  })
})

describe('a probe', () => {
  const faults = { Gelu: tenthTooLarge }
  const setup = (adapter = {}) => ({
    memory: emptyMemory(),
    examiner: fakeExaminer({ faults, adapter }),
  })

  it('is remembered', async () => {
    const { memory, examiner } = setup()
    const first = await open(faults, { memory, examiner })
    expect(examiner.probes).toBe(2)
    const second = await open(faults, { memory, examiner })
    expect(examiner.probes).toBe(2)
    expect(second.device).toEqual(first.device)
    expect(second.notices).toEqual(['webgpu: Gelu built of plain ops'])
  })

  it.each([
    ['driver', { driver: '1.1' }],
    ['adapter', { name: 'Another' }],
  ])('is made again for another %s', async (_, adapter) => {
    const { memory, examiner } = setup()
    await open(faults, { memory, examiner })
    const other = fakeExaminer({ faults, adapter })
    await open(faults, { memory, examiner: other })
    expect(other.probes).toBe(2)
    expect(memory.records.size).toBe(2)
  })

  it('is made again for other cases, and where its record is damaged', async () => {
    const { memory, examiner } = setup()
    await open(faults, { memory, examiner })
    await open(faults, { memory, examiner, cases: few.slice(1) })
    expect(examiner.probes).toBe(4)
    for (const key of memory.records.keys()) memory.records.set(key, { results: [{}], block: [] })
    await open(faults, { memory, examiner })
    expect(examiner.probes).toBe(6)
  })
})

describe('a software adapter', () => {
  const software = fakeExaminer({ adapter: { name: 'SwiftShader', isSoftware: true } })

  it('is not chosen by itself', async () => {
    const { device, notices } = await open({}, { provider: 'auto', examiner: software })
    expect(device.provider).toBe('cpu')
    expect(software.probes).toBe(0)
    expect(notices).toContain('webgpu: SwiftShader is software; the processor itself is faster')
  })

  it('is opened by name', async () => {
    const { device } = await open({}, { examiner: software })
    expect(device.provider).toBe('webgpu')
  })
})

describe('a provider that is not there', () => {
  const nothing = {
    ...fakeExaminer(),
    identify: async () => ({ reason: 'no driver', remedy: 'install one' }),
  }

  it('is an error where it is asked for by name', async () => {
    await expect(open({}, { examiner: nothing })).rejects.toThrow('webgpu: no driver; install one')
  })

  it('is not even looked for by auto where there is no graphics card', async () => {
    const noCard = () => ({ reason: 'no graphics card' })
    const examiner = { ...fakeExaminer(), noCard, identify: () => Promise.reject(new Error()) }
    expect((await open({}, { provider: 'auto', examiner })).device.provider).toBe('cpu')
  })

  it('is passed over by auto', async () => {
    expect((await open({}, { provider: 'auto', examiner: nothing })).device.provider).toBe('cpu')
  })
})

describe('results', () => {
  const result = (op: CaseResult['op'], verdict: CaseResult['verdict']): CaseResult => ({
    ...{ name: `${op}, a case`, op, verdict, error: 0.5, milliseconds: 1 },
  })

  it.each<[Provider, CaseResult[], string[], string[], string | undefined]>([
    ['webgpu', [result('Mul', 'right')], [...fusedOps], [], undefined],
    ['webgpu', [result('Gelu', 'failed')], withoutGelu, [], undefined],
    ['webgpu', [result('Pad', 'wrong'), result('Pad', 'right')], [...fusedOps], ['Pad'], undefined],
    ['webgpu', [result('MatMul', 'wrong')], [...fusedOps], ['MatMul'], 'MatMul, a case'],
    ['cuda', [result('Pad', 'wrong')], [...fusedOps], ['Pad'], 'Pad, a case'],
  ])('of %s tell what to avoid', (provider, results, fused, cpuOps, refused) => {
    const found = conclude(results, provider)
    expect([found.fused, found.cpuOps]).toEqual([fused, cpuOps])
    expect(found.refused).toBe(refused && `${refused}: off by 0.50`)
  })

  it('are sentences', () => {
    expect(describeResult({ ...result('Mul', 'failed'), reason: 'device lost' })).toBe(
      'Mul, a case: device lost',
    )
  })
})

describe('the recorded checksums', () => {
  const { cases, remove } = allCases()
  afterAll(remove)

  it('are of all cases', () => {
    expect(Object.keys(recorded)).toEqual(cases.map(({ name }) => name))
  })

  it('are those of the reference arithmetic', () => {
    for (const one of cases) {
      const [length, product] = (recorded as unknown as Record<string, [number, number]>)[one.name]!
      const found = referenceChecksum(one)
      expect(Math.abs(found.length - length)).toBeLessThanOrEqual(1e-6 * length)
      expect(Math.abs(found.product - product)).toBeLessThanOrEqual(1e-6 * length)
    }
  })

  it('see a tenth too much', () => {
    const data = new Float32Array(12).fill(1)
    expect(
      checksumError('Unsqueeze, a vector over planes', [{ data, shape: [12] }]),
    ).toBeGreaterThan(0.01)
  })
})
