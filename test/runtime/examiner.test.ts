import { describe, expect, it } from 'vitest'
import { cpuDevice } from '../../engine/runtime/device.ts'
import { createExaminer } from '../../engine/runtime/examiner.ts'
import { probeCases } from '../../engine/runtime/probe-cases.ts'
import { lacks } from '../support/requires.ts'

const few = probeCases().slice(0, 7)
const aborting = { ...process.env, NODE_OPTIONS: '--import=data:text/javascript,process.abort()' }

describe('a probe in a process of its own', () => {
  it('gives the results of all cases, each as it comes', async () => {
    const seen: string[] = []
    const examiner = createExaminer({ onResult: ({ name }) => seen.push(name) })
    const results = await examiner.probe(cpuDevice, few)
    expect(results.map(({ verdict }) => verdict)).toEqual(few.map(() => 'right'))
    expect(seen).toEqual(few.map(({ name }) => name))
  })

  it('survives cases that hold it up, and gives up after five', async () => {
    const results = await createExaminer({ limit: 1 }).probe(cpuDevice, few)
    expect(results.map(({ reason }) => reason)).toEqual([
      ...new Array(5).fill('no answer for 0.001 s'),
      ...new Array(2).fill('not tried: 5 cases before it ended their processes'),
    ])
  })

  it('survives cases that end it', async () => {
    const examiner = createExaminer({ environment: aborting })
    const [result] = await examiner.probe(cpuDevice, few.slice(0, 1))
    expect(result?.reason).toBe('ended its process by SIGABRT')
  })

  it('tells that a provider ends processes', async () => {
    const { reason } = (await createExaminer({ environment: aborting }).identify('webgpu')) as {
      reason: string
    }
    expect(reason).toBe('opening it ended a process by SIGABRT')
  })
})

describe.skipIf(lacks('webgpu'))('a WebGPU adapter', () => {
  it('is identified by name and driver', async () => {
    const adapter = await createExaminer().identify('webgpu')
    expect(adapter).toMatchObject({ name: expect.any(String), driver: expect.any(String) })
    if (/swiftshader/i.test(process.env.VK_ICD_FILENAMES ?? '')) {
      expect(adapter).toMatchObject({
        name: expect.stringMatching(/^SwiftShader/),
        driver: expect.stringMatching(/libvk_swiftshader\.so of \d+ bytes, /),
        isSoftware: true,
      })
    }
  })

  it('is missed where its driver is not there', async () => {
    const environment = { ...process.env, VK_ICD_FILENAMES: 'nowhere.json' }
    expect(await createExaminer({ environment }).identify('webgpu')).toMatchObject({
      reason: 'no Vulkan driver is installed',
    })
  })
})
