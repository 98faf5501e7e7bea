import { describe, expect, it } from 'vitest'
import { absenceOf, adapterOf } from '../../engine/runtime/adapter.ts'

describe('an adapter', () => {
  it.each<[string, string, boolean]>([
    ['SwiftShader Device (Subzero)', '/usr/lib/chromium/./libvk_swiftshader.so', true],
    ['llvmpipe (LLVM 15.0.6, 256 bits)', 'libvulkan_lvp.so', true],
    ['AMD Radeon RX 7900 XT (RADV NAVI31)', 'libvulkan_radeon.so', false],
    ['Intel(R) Arc(tm) A770 Graphics (DG2)', 'libvulkan_intel.so', false],
  ])('%s is known from what the Vulkan loader reports', async (name, library, isSoftware) => {
    const stderr = `
INFO | DRIVER:         [0] another one
DRIVER | LAYER:          Using "${name}" with driver: "${library}"
`
    const adapter = await adapterOf('webgpu', stderr)
    expect(adapter).toMatchObject({ name, isSoftware })
    expect(adapter.driver).toContain(library)
  })
})

describe('a provider that did not open says why:', () => {
  it.each<[string, string]>([
    [
      "Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file",
      'the Vulkan loader is not installed',
    ],
    ['Warning: vkCreateInstance: Found no drivers!', 'no Vulkan driver is installed'],
    ['vkCreateInstance failed with VK_ERROR_INCOMPATIBLE_DRIVER', 'no Vulkan driver is installed'],
    [
      'Failed to get a WebGPU adapter: No supported adapters',
      'no driver has an adapter that WebGPU can use',
    ],
    [
      'Failed to load library with error: libcudnn.so.9: cannot open shared object file',
      'a library of CUDA is absent',
    ],
    [
      'CUDA failure 100: no CUDA-capable device is detected',
      'CUDA finds no device that it can use',
    ],
  ])('%s', (stderr, reason) => {
    const absence = absenceOf({ stderr })
    expect(absence.reason).toBe(reason)
    expect(absence.remedy).toMatch(/^install /)
  })

  it('the message of what was thrown', () => {
    expect(absenceOf({ stderr: '', message: 'device lost' })).toEqual({ reason: 'device lost' })
  })

  it('the signal that ended its process', () => {
    expect(absenceOf({ stderr: '', signal: 'SIGSEGV' }).reason).toBe(
      'opening it ended a process by SIGSEGV',
    )
  })
})
