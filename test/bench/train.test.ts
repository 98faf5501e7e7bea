import { describe, expect, test } from 'vitest'
import { runBench } from '../../engine/bench/index.ts'

async function bench(options: Parameters<typeof runBench>[0]) {
  const lines: string[] = []
  const io = { print: (text: string) => lines.push(text), clock: () => performance.now() }
  const report = await runBench({ rounds: 1, ...options }, io)
  return { report, text: lines.join('\n') }
}

/** Processes of their own that load the runtime. */
const slow = 240_000

describe('the bench of training', () => {
  test('trains on drawn pictures and says how fast', { timeout: slow }, async () => {
    const names = ['train_steps_per_second', 'train_peak_mb', 'train_data_share', 'train_start_s']
    const { report, text } = await bench({ only: names })
    for (const name of names as (keyof typeof report.figures)[]) {
      expect(report.figures[name].value).toBeGreaterThan(0)
    }
    expect(report.figures.train_data_share.value).toBeLessThan(1)
    expect(text).toContain('train_steps_per_second')
  })

  test('finds that attention recomputed keeps less', { timeout: slow }, async () => {
    const names = ['attention_chain_kept_mb', 'attention_chain_recomputed_mb'] as const
    const { figures } = (await bench({ only: names })).report
    const [kept, recomputed] = names.map((name) => figures[name].value!)
    expect(kept).toBeGreaterThan(1.5 * recomputed!)
  })

  test('is a part of its own', async () => {
    await expect(bench({ part: 'speed' })).rejects.toThrow(
      'bench: no part speed, expected one of draw, train',
    )
  })
})
