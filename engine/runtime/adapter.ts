import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { cpus } from 'node:os'
import { promisify } from 'node:util'
import type { Provider } from './device.ts'

/** What computes behind a provider, as far as the system tells. */
export interface Adapter {
  readonly name: string
  /** Changes when the driver does: its version, or size and time of its library. */
  readonly driver: string
  /** A program on the processor that plays a graphics adapter. */
  readonly isSoftware: boolean
}

/** Why a provider cannot be used, and what would help. */
export interface Absence {
  readonly reason: string
  readonly remedy?: string
}

const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|software/i

/** Asks the Vulkan loader to name the adapter that it opens; harmless where there is none. */
export const adapterReport: Readonly<Record<string, string>> = { VK_LOADER_DEBUG: 'error,driver' }

/**
 * The adapter that a process opened, from what it wrote to stderr under `adapterReport`, else
 * from what the system says. onnxruntime itself does not tell.
 */
export async function adapterOf(provider: Provider, stderr: string): Promise<Adapter> {
  if (provider === 'cuda') return namedAdapter(await nvidiaAdapter())
  const [, name, library] = /Using "([^"]+)" with driver: "([^"]+)"/.exec(stderr) ?? []
  if (name) return namedAdapter({ name, driver: libraryStamp(library ?? '') })
  if (process.platform === 'darwin') {
    const { machine, release } = await systemVersion()
    return namedAdapter({ name: `Metal on ${machine}`, driver: release })
  }
  if (process.platform === 'win32') return namedAdapter(await windowsAdapter())
  return namedAdapter({ name: 'unnamed adapter', driver: '' })
}

/** What a process that could not open a provider left behind. */
export interface Remains {
  readonly stderr: string
  /** What was thrown, where something was. */
  readonly message?: string
  /** How the process ended, where it did not end by itself. */
  readonly signal?: string
}

/** Marks in what is left, and what they mean. The first that fits is told. */
const causes: readonly (readonly [RegExp, Absence])[] = [
  [
    /Couldn't load Vulkan|libvulkan\.so\.1: cannot open/,
    {
      reason: 'the Vulkan loader is not installed',
      remedy: 'install it and the driver of the graphics card (Debian: apt-get install libvulkan1)',
    },
  ],
  [
    /Found no drivers|VK_ERROR_INCOMPATIBLE_DRIVER/,
    {
      reason: 'no Vulkan driver is installed',
      remedy:
        'install the driver of the graphics card (Debian: mesa-vulkan-drivers for AMD and Intel, nvidia-driver for NVIDIA)',
    },
  ],
  [
    /Failed to get a WebGPU adapter|No supported adapters/,
    {
      reason: 'no driver has an adapter that WebGPU can use',
      remedy: 'install a newer driver of the graphics card; llvmpipe of Mesa 22 is not enough',
    },
  ],
  [
    /lib(cudart|cublas|cublasLt|cudnn|cufft|curand)[\w.]*: cannot open/,
    { reason: 'a library of CUDA is absent', remedy: 'install CUDA 12 and cuDNN 9' },
  ],
  [
    /CUDA failure|cudaError|no CUDA-capable device|CUDA driver version/,
    { reason: 'CUDA finds no device that it can use', remedy: 'install a newer NVIDIA driver' },
  ],
]

/** Says in a sentence why a provider could not be opened. */
export function absenceOf({ stderr, message, signal }: Remains): Absence {
  const text = `${stderr}\n${message ?? ''}`
  const [, known] = causes.find(([pattern]) => pattern.test(text)) ?? []
  if (known) return known
  if (signal) {
    return {
      reason: `opening it ended a process by ${signal}`,
      remedy: 'install a newer driver of the graphics card',
    }
  }
  return { reason: message ?? 'it opened nothing' }
}

/** Why there is surely no graphics card, or undefined where one may be. Only Linux tells. */
export function noCard(): Absence | undefined {
  if (process.platform !== 'linux') return undefined
  const nodes = ['/dev/dxg', '/dev/nvidiactl', '/dev/kgsl-3d0', '/dev/mali0']
  const hasCard = existsSync('/dev/dri') && readdirSync('/dev/dri').some((it) => /^render/.test(it))
  if (hasCard || nodes.some((path) => existsSync(path))) return undefined
  return { reason: 'no graphics card: the system has no /dev/dri/render* and no /dev/nvidiactl' }
}

function namedAdapter({ name, driver }: { name: string; driver: string }): Adapter {
  return { name, driver, isSoftware: softwareNames.test(name) }
}

/** NVIDIA's driver is named without a path; its version stands in the kernel's own files. */
function libraryStamp(library: string): string {
  const kernel = '/sys/module/nvidia/version'
  if (/nvidia/i.test(library) && existsSync(kernel)) return readFileSync(kernel, 'utf8').trim()
  if (!existsSync(library)) return library
  const { size, mtime } = statSync(library)
  return `${library} of ${size} bytes, ${mtime.toISOString().slice(0, 10)}`
}

async function nvidiaAdapter(): Promise<{ name: string; driver: string }> {
  const query = ['--query-gpu=name,driver_version', '--format=csv,noheader']
  const [name, driver] = (await answer('nvidia-smi', query)).split('\n')[0]!.split(', ')
  return { name: name || 'NVIDIA', driver: driver ?? '' }
}

async function windowsAdapter(): Promise<{ name: string; driver: string }> {
  const query =
    'Get-CimInstance Win32_VideoController | ForEach-Object { $_.Name + "|" + $_.DriverVersion }'
  const lines = (await answer('powershell', ['-NoProfile', '-Command', query])).split('\n')
  const known = lines.map((line) => line.trim().split('|')).filter(([name]) => name)
  const real = known.find(([name]) => !softwareNames.test(name!)) ?? known[0]
  return { name: real?.[0] ?? 'unnamed adapter', driver: real?.[1] ?? '' }
}

async function systemVersion(): Promise<{ machine: string; release: string }> {
  const release = await answer('sw_vers', ['-productVersion'])
  return { machine: cpus()[0]?.model ?? 'this machine', release }
}

/** What a command prints; nothing where it cannot be run. */
async function answer(command: string, words: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, [...words], { timeout: 10_000 })
    return stdout.trim()
  } catch {
    return ''
  }
}
