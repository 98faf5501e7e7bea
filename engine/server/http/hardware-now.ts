import { readFile } from 'node:fs/promises'
import type { Executor } from '../../executor/types.ts'
import { readHardware } from '../../files/hardware.ts'
import type { HardwareInfo } from '../../protocol/index.ts'

/** The machine as the meter shows it; `rss` is that of the executors' processes together. */
export async function hardwareNow(
  executors: readonly Pick<Executor, 'pid'>[],
): Promise<HardwareInfo> {
  const [{ gpus, memory }, held] = await Promise.all([
    readHardware(),
    Promise.all(executors.map(({ pid }) => residentBytes(pid))),
  ])
  const rss = held.reduce((sum, bytes) => sum + bytes, 0)
  return { gpus: gpus.map((gpu) => ({ ...gpu })), memory: { ...memory, rss } }
}

/** Resident memory of a process; 0 for one that is gone, and where the system does not tell. */
export async function residentBytes(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024
}
