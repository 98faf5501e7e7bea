import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readHardware } from '../../engine/files/hardware.ts'
import { temporaryFolder } from '../support/temporary.ts'

const card = 'sys/class/drm/card0/device'
const amd = {
  [`${card}/gpu_busy_percent`]: '37\n',
  [`${card}/mem_info_vram_used`]: '1073741824\n',
  [`${card}/mem_info_vram_total`]: '17163091968\n',
  [`${card}/hwmon/hwmon3/name`]: 'amdgpu\n',
  [`${card}/hwmon/hwmon3/temp1_input`]: '54500\n',
  // A connector of the card, and a card whose driver tells nothing.
  'sys/class/drm/card0-DP-1/status': 'connected\n',
  'sys/class/drm/card1/device/vendor': '0x1234\n',
}
const meminfo = 'MemTotal:       16000 kB\nMemFree:         1000 kB\nMemAvailable:    9000 kB\n'

describe('the hardware of a machine', () => {
  test('comes from nvidia-smi where it is', async () => {
    const lines = ['NVIDIA H200, 41, 97, 2048, 143771', 'Quadro, with a comma, [N/A], 5, 10, 20']
    const places = machine({ ...amd, 'nvidia-smi': `#!/bin/sh\n${echoOf(lines)}` })
    const { gpus } = await readHardware(places)
    expect(gpus).toEqual([
      {
        name: 'NVIDIA H200',
        temperature: 41,
        use: 0.97,
        memoryUsed: 2048 * 2 ** 20,
        memoryTotal: 143771 * 2 ** 20,
      },
      {
        name: 'Quadro, with a comma',
        use: 0.05,
        memoryUsed: 10 * 2 ** 20,
        memoryTotal: 20 * 2 ** 20,
      },
    ])
  })

  test('is asked of nvidia-smi by names that it knows', async () => {
    const places = machine({ 'nvidia-smi': '#!/bin/sh\necho "$1 $2, 1, 2, 3, 4"' })
    const { gpus } = await readHardware(places)
    expect(gpus[0]!.name).toBe(
      '--query-gpu=name, temperature.gpu, utilization.gpu, memory.used, memory.total --format=csv, noheader, nounits',
    )
  })

  test('comes from sysfs where there is no nvidia-smi', async () => {
    const { gpus } = await readHardware(machine(amd))
    expect(gpus).toEqual([
      {
        name: 'amdgpu',
        temperature: 54.5,
        use: 0.37,
        memoryUsed: 2 ** 30,
        memoryTotal: 17163091968,
      },
    ])
  })

  test('comes from sysfs where nvidia-smi finds no driver', async () => {
    const script =
      '#!/bin/sh\necho "NVIDIA-SMI has failed, because it, could, not, communicate"\nexit 9'
    expect((await readHardware(machine({ ...amd, 'nvidia-smi': script }))).gpus).toHaveLength(1)
  })

  test('is no card where the system tells of none', async () => {
    expect((await readHardware(machine({}))).gpus).toEqual([])
  })

  test('has the memory of the machine and of this process', async () => {
    const { memory } = await readHardware(machine({ 'proc/meminfo': meminfo }))
    expect(memory).toEqual({ rss: expect.any(Number), free: 9000 * 1024, total: 16000 * 1024 })
    expect(memory.rss).toBeGreaterThan(2 ** 20)
    expect(Object.keys((await readHardware(machine({}))).memory)).toEqual(['rss'])
  })
})

/** A machine in a folder: its system files, and its nvidia-smi if it has one. */
function machine(files: Record<string, string>) {
  const folder = temporaryFolder(files)
  const nvidiaSmi = join(folder, 'nvidia-smi')
  if ('nvidia-smi' in files) chmodSync(nvidiaSmi, 0o755)
  return { nvidiaSmi, sysfs: join(folder, 'sys'), procfs: join(folder, 'proc') }
}

function echoOf(lines: readonly string[]): string {
  return lines.map((line) => `echo "${line}"`).join('\n')
}
