import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { alternate, median, ratioOf } from '../../engine/bench/alternate.ts'
import { figureNames, figures, holds } from '../../engine/bench/figures.ts'
import { type BenchOptions, runBench } from '../../engine/bench/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'mazeru-bench-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function bench(options: BenchOptions) {
  const lines: string[] = []
  const io = { print: (text: string) => lines.push(text), clock: () => performance.now() }
  const report = await runBench({ rounds: 1, ...options }, io)
  return { report, text: lines.join('\n') }
}

describe('the bench', () => {
  test('writes every figure under its fixed name, null where it was not measured', async () => {
    const json = join(folder, 'bench.json')
    const { text } = await bench({ json, only: ['engine_ms_per_node', 'ratio_change_sessions'] })
    const written = JSON.parse(readFileSync(json, 'utf8'))
    expect(Object.keys(written.figures)).toEqual([
      'lora_overhead_1x16',
      'lora_overhead_3x16',
      'ratio_change_ms',
      'ratio_change_sessions',
      'engine_ms_per_node',
      'check_2000_nodes_ms',
      'peak_rss_ratio',
      'tiny_seconds_to_picture',
      'unet_step_ms',
      'vae_decode_ms',
      'load_ms',
      'versus_ratio',
      'train_steps_per_second',
      'train_peak_mb',
      'train_data_share',
      'train_start_s',
      'train_peak_none_mb',
      'train_peak_attention_mb',
      'train_peak_block_mb',
      'train_step_none_ms',
      'train_step_attention_ms',
      'train_step_block_ms',
      'attention_chain_kept_mb',
      'attention_chain_recomputed_mb',
      'train_versus_ratio',
      'probe_object',
      'probe_colour',
      'probe_place',
      'probe_time',
      'probe_all',
      'probe_pair_object',
      'probe_pair_colour',
      'probe_pair_all',
      'probe_drawn_object',
      'probe_drawn_colour',
      'probe_drawn_all',
      'editor_open_ratio',
      'editor_pan_ratio',
      'editor_zoom_ratio',
      'editor_drag_ratio',
      'editor_drag_100_ratio',
      'editor_far_pan_ratio',
      'editor_crossing_ms',
      'editor_listeners',
      'editor_heap_mb',
      'editor_undo_ms',
      'editor_first_load_kb',
      'editor_event_ms',
    ])
    expect(written.figures.engine_ms_per_node.value).toBeGreaterThan(0)
    expect(written.figures.ratio_change_sessions).toMatchObject({ value: 0, holds: true })
    expect(written.figures.unet_step_ms.value).toBe(null)
    expect(text).toContain('engine_ms_per_node')
    expect(text).toContain('not measured: lora_overhead_1x16')
  })

  test('times a process from its start to a picture', async () => {
    const { report } = await bench({ only: ['tiny_seconds_to_picture'] })
    expect(report.figures.tiny_seconds_to_picture.value).toBeGreaterThan(0)
  })

  test('measures what means something at full size only there', async () => {
    const { report } = await bench({ only: ['load_ms'] })
    expect(report.size).toBe('tiny')
    expect(report.figures.load_ms.value).toBe(null)
  })

  test('refuses a figure that it does not know', async () => {
    const message = '--only: no figure speed, expected one of lora_overhead_1x16'
    await expect(bench({ only: ['speed'] })).rejects.toThrow(message)
  })
})

describe('measuring side by side', () => {
  test('runs the variants in turn, once before the clock counts', async () => {
    const calls: string[] = []
    let now = 0
    const variant = (name: string, cost: number) => async () => {
      calls.push(name)
      now += cost
    }
    const times = await alternate({ a: variant('a', 1), b: variant('b', 3) }, 2, () => now)
    expect(calls.join('')).toBe('ababab')
    expect(times).toEqual({ a: [1, 1], b: [3, 3] })
    expect(ratioOf(times.b, times.a).value).toBe(3)
  })

  test('takes the median, of an even number the mean of the middle two', () => {
    expect(median([5, 1, 3]).value).toBe(3)
    expect(median([4, 1, 3, 2]).value).toBe(2.5)
  })

  test('compares a figure with its bound, if it has one', () => {
    expect(holds('load_ms', 8000)).toBe(true)
    expect(holds('load_ms', 8001)).toBe(false)
    expect(holds('versus_ratio', 1.4)).toBe(false)
    expect(holds('unet_step_ms', 1e9)).toBeUndefined()
    expect(figureNames).toEqual(Object.keys(figures))
  })
})
