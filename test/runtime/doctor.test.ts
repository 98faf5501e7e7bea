import { describe, expect, it } from 'vitest'
import { doctorCommand, type Inspect, linesOf } from '../../engine/cli/doctor.ts'
import type { Host } from '../../engine/cli/host.ts'
import type { Shell } from '../../engine/cli/shell.ts'
import { blockName, inspectCheckedDevices } from '../../engine/inference/check-block.ts'
import { type DeviceReport, inspectDevices, isHealthy } from '../../engine/runtime/doctor.ts'
import type { CaseResult } from '../../engine/runtime/probe.ts'
import { probeCases } from '../../engine/runtime/probe-cases.ts'
import { scratch } from '../support/cli.ts'
import { emptyMemory, fakeExaminer, tenthTooLarge } from './fakes.ts'

const cases = probeCases().filter(({ name }) => /^(Sin|Gelu|Gemm, 33)/.test(name))
const software = { name: 'SwiftShader', driver: '5.0', isSoftware: true }
const faults = { Gelu: tenthTooLarge, Sin: tenthTooLarge }

function inspect(faultsFound = faults, adapter = software): Promise<DeviceReport> {
  const examiner = {
    ...fakeExaminer({ faults: faultsFound, adapter }),
    absence: (provider: string) =>
      provider === 'cuda' ? { reason: 'no library', remedy: 'install it' } : undefined,
  }
  return inspectCheckedDevices({ memory: emptyMemory(), cases, examiner })
}

/** A report with all that differs from machine to machine made equal. */
async function report(): Promise<DeviceReport> {
  const { devices, chosen } = await inspect()
  const [cpu, ...others] = devices
  return {
    versions: { onnxruntime: '1.30.0', node: '24.0.0' },
    machine: {
      system: 'linux x64',
      processor: 'Processor',
      threads: 2,
      memory: 8 * 2 ** 30,
      freeMemory: 2 ** 30,
    },
    devices: [
      { ...cpu!, adapter: { name: 'Processor', driver: '', isSoftware: false }, results: [] },
      ...others,
    ],
    chosen,
  }
}

describe('an inspection', () => {
  it('begins with the processor and passes over a software adapter', async () => {
    const { devices, chosen } = await inspect()
    expect(devices.map(({ provider }) => provider)).toEqual(['cpu', 'cuda', 'webgpu'])
    expect(chosen).toBe('cpu')
  })

  it('says what networks would run on', async () => {
    const adapter = { ...software, isSoftware: false }
    expect((await inspect({} as typeof faults, adapter)).chosen).toBe('webgpu')
  })

  it('ends with a block of a network on every device', async () => {
    const { devices } = await inspect()
    const last = devices.map(({ results }) => results.at(-1)?.name)
    expect(last).toEqual([blockName, undefined, blockName])
  })

  it('is healthy where the processor is right', async () => {
    const found = await inspect()
    expect(isHealthy(found)).toBe(true)
    const [cpu, ...others] = found.devices
    const wrong = { ...cpu!.results[0], verdict: 'wrong' } as CaseResult
    expect(isHealthy({ ...found, devices: [{ ...cpu!, results: [wrong] }, ...others] })).toBe(false)
  })

  it('probes again what is remembered where it is asked to', async () => {
    const options = { memory: emptyMemory(), cases, examiner: fakeExaminer() }
    const isRemembered = async (isFresh: boolean) => {
      const found = await inspectDevices({ ...options, providers: ['webgpu'], isFresh })
      return found.devices[1]?.isRemembered
    }
    expect(await isRemembered(false)).toBe(false)
    expect(await isRemembered(false)).toBe(true)
    expect(await isRemembered(true)).toBe(false)
  })
})

describe('a report', () => {
  it('says in lines what is there, what is wrong and what would help', async () => {
    const lines = linesOf(await report())
    expect(lines.slice(1, 13)).toEqual([
      'Processor, 2 threads, 1.0 of 8.0 GiB free',
      '',
      'cpu     Processor',
      '        0 of 0 cases right',
      'cuda    not available: no library',
      '        install it',
      'webgpu  SwiftShader, 5.0, software',
      '        2 of 4 cases right',
      `        ${blockName} right: off by 0.0e+0, 0 ms with loading`,
      '        Sin computed by the processor (Sin, two sizes: off by 0.10)',
      '        Gelu built of plain ops (Gelu, two sizes: off by 0.10)',
      '',
    ])
    expect(lines.at(-1)).toBe('networks run on cpu')
    expect(lines.find((line) => line.startsWith('Gelu'))).toMatch(/ 1\.0e-1 wrong$/)
  })

  const outcome = async (words: object, given: () => Promise<DeviceReport>) => {
    using folder = scratch()
    const texts = { stdout: '', stderr: '' }
    const environment = { MAZERU_CACHE: folder.path }
    const place = { folder: folder.path, home: folder.path, platform: 'linux', environment }
    const shell = {
      place,
      stdout: { write: (text: string) => (texts.stdout += text) },
      stderr: { write: (text: string) => (texts.stderr += text) },
    } as unknown as Shell
    const inspectGiven: Inspect = async ({ onNotice }) => {
      onNotice?.('a notice')
      return given()
    }
    const code = await doctorCommand('', words, {} as Host, shell, inspectGiven)
    return { code, ...texts }
  }

  it('is one object of JSON where that is asked for', async () => {
    const { code, stdout, stderr } = await outcome({ json: true }, report)
    const found = JSON.parse(stdout)
    expect(found).toMatchObject({
      chosen: 'cpu',
      versions: { onnxruntime: '1.30.0' },
      devices: [
        { provider: 'cpu' },
        { provider: 'cuda', absence: { reason: 'no library' } },
        { provider: 'webgpu', conclusion: { cpuOps: ['Sin'] } },
      ],
    })
    expect(stderr).toBe('a notice\n')
    expect(code).toBe(0)
  })

  it('ends the command with 1 where the processor is wrong', async () => {
    const { code } = await outcome({}, async () => ({ ...(await report()), devices: [] }))
    expect(code).toBe(1)
  })
})
