import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What the system tells of the machine. A number that it does not tell is absent. */
export interface Hardware {
  readonly gpus: readonly Gpu[]
  readonly memory: Memory
}

/** One graphics card. */
export interface Gpu {
  readonly name: string
  /** °C. */
  readonly temperature?: number
  /** Share of the time in which it computes, 0 to 1. */
  readonly use?: number
  /** Bytes. */
  readonly memoryUsed?: number
  readonly memoryTotal?: number
}

/** Bytes of main memory. */
export interface Memory {
  /** Of this process. */
  readonly rss: number
  /** That programs may still take. */
  readonly free?: number
  readonly total?: number
}

/** Where to look. */
export interface HardwarePlaces {
  /** The program of NVIDIA's driver; found along the path of the environment. */
  readonly nvidiaSmi?: string
  readonly sysfs?: string
  readonly procfs?: string
}

/**
 * Temperature, use and memory of graphics cards: from `nvidia-smi` where it is, else from Linux's
 * sysfs, else none. Takes some milliseconds up to seconds and never throws.
 */
export async function readHardware(places: HardwarePlaces = {}): Promise<Hardware> {
  const { nvidiaSmi = 'nvidia-smi', sysfs = '/sys', procfs = '/proc' } = places
  const [nvidia, memory] = await Promise.all([readNvidia(nvidiaSmi), readMemory(procfs)])
  return { gpus: nvidia.length > 0 ? nvidia : await readCards(sysfs), memory }
}

const mebibyte = 2 ** 20
const run = promisify(execFile)

/** A driver that hangs may not hold a run up. */
const patience = 5000

const fields = ['name', 'temperature.gpu', 'utilization.gpu', 'memory.used', 'memory.total']

/** Lines such as `NVIDIA H200, 41, 97, 2048, 143771`; what is not known is `[N/A]`. */
async function readNvidia(program: string): Promise<Gpu[]> {
  const query = [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits']
  const found = await run(program, query, { timeout: patience }).catch(() => undefined)
  const lines = (found?.stdout ?? '').split('\n').map((line) => line.split(','))
  const rows = lines.filter(({ length }) => length >= fields.length)
  return rows.map((row) => {
    const cells = row.map((cell) => cell.trim())
    const [temperature, use, used, total] = cells.slice(-4).map(numberOf)
    return gpuOf(cells.slice(0, -4).join(', '), {
      temperature,
      use: times(use, 0.01),
      memoryUsed: times(used, mebibyte),
      memoryTotal: times(total, mebibyte),
    })
  })
}

/** Cards whose driver reports a temperature or a use: `card0`, not its connectors `card0-DP-1`. */
async function readCards(sysfs: string): Promise<Gpu[]> {
  const folder = join(sysfs, 'class', 'drm')
  const names = (await entriesOf(folder)).filter((name) => /^card\d+$/.test(name))
  const cards = await Promise.all(names.map((name) => readCard(join(folder, name, 'device'))))
  return cards.filter(({ temperature, use }) => temperature !== undefined || use !== undefined)
}

async function readCard(device: string): Promise<Gpu> {
  const read = async (name: string) => numberOf(await textOf(join(device, name)))
  const [monitor] = await entriesOf(join(device, 'hwmon'))
  const sensor = (name: string) => join('hwmon', monitor ?? '', name)
  const product = await textOf(join(device, 'product_name'))
  const driver = await textOf(join(device, sensor('name')))
  // Sensors give thousandths of a degree, the use is in percent.
  return gpuOf(product ?? driver ?? 'GPU', {
    temperature: times(await read(sensor('temp1_input')), 0.001),
    use: times(await read('gpu_busy_percent'), 0.01),
    memoryUsed: await read('mem_info_vram_used'),
    memoryTotal: await read('mem_info_vram_total'),
  })
}

async function readMemory(procfs: string): Promise<Memory> {
  const text = (await textOf(join(procfs, 'meminfo'))) ?? ''
  const bytes = (name: string) =>
    times(numberOf(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]), 1024)
  const known = defined({ free: bytes('MemAvailable'), total: bytes('MemTotal') })
  return { rss: process.memoryUsage.rss(), ...known }
}

type Numbers = Readonly<Record<string, number | undefined>>

function gpuOf(name: string, numbers: Numbers): Gpu {
  return { name, ...defined(numbers) }
}

function defined(numbers: Numbers): Record<string, number> {
  const known = Object.entries(numbers).filter(([, value]) => value !== undefined)
  return Object.fromEntries(known) as Record<string, number>
}

function times(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}

/** The content of a small file without the white space around it; undefined where none or empty. */
async function textOf(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.trim() || undefined
}

async function entriesOf(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort()
}
