import { join } from 'node:path'
import { median } from './alternate.ts'
import type { Measurement } from './bench.ts'
import { runScript } from './child.ts'

/** Loading and memory, each time in a fresh process. */
export const memory: Measurement = {
  gives: ['load_ms', 'peak_rss_ratio'],
  opensCheckpoint: true,
  async measure({ io, file, rounds }) {
    const script = join(import.meta.dirname, 'sample-alone.ts')
    const loads: number[] = []
    const peaks: number[] = []
    for (let round = 0; round < Math.min(rounds, 3); round++) {
      const { stdout } = await runScript(script, [file], io.clock)
      const { loadMs, peakBytes, weightBytes } = JSON.parse(stdout) as Record<string, number>
      loads.push(loadMs!)
      peaks.push(peakBytes! / weightBytes!)
    }
    return { load_ms: median(loads), peak_rss_ratio: median(peaks) }
  },
}
