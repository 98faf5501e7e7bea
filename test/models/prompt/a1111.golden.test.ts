import { expect, test } from 'vitest'
import { padChunk } from '../../../engine/models/prompt/chunks.ts'
import { a1111Chunks } from '../../../engine/models/prompt/chunks-a1111.ts'
import { parseComposition } from '../../../engine/models/prompt/composition.ts'
import { embeddingRows } from '../../../engine/models/prompt/embeddings.ts'
import { extractNetworks, resolveLora } from '../../../engine/models/prompt/extra-networks.ts'
import { a1111Segments } from '../../../engine/models/prompt/parse-a1111.ts'
import {
  promptSchedule,
  type ScheduledText,
  scheduleIndex,
} from '../../../engine/models/prompt/schedule.ts'
import { clipTokenizer } from '../../../engine/models/tokenizer.ts'
import { goldenJson } from '../../support/golden.ts'

type Schedule = [number, string][]

interface Golden {
  attention?: { text: string; result?: [string, number][]; error?: string }[]
  chunks?: {
    text: string
    token_count: number
    chunks: { tokens: number[]; multipliers: number[] }[]
  }[]
  extra_networks?: {
    text: string
    prompt: string
    networks: {
      type: string
      items: string[]
      positional: string[]
      named: Record<string, string>
      resolved?: Record<string, unknown> | null
      error?: string
    }[]
  }[]
  composition?: {
    text: string
    parts: { prompt: string; weight: number; schedule: Schedule }[]
  }[]
  schedules?: {
    text: string
    steps: number
    schedule: Schedule
    index_for_step?: number[]
    old_scheduling?: Schedule | null
    hires_pass_10?: Schedule | null
  }[]
}

const golden = (goldenJson('prompts/a1111.json') ?? {}) as Golden

test.skipIf(golden.attention)('the golden folder has no such cases', () => {})

test.each(golden.attention ?? [])('attention as in A1111: $text', ({ text, result, error }) => {
  if (error) {
    expect(() => a1111Segments(text)).toThrow('prompt: ')
    return
  }
  const found = a1111Segments(text)
  expect(found.map((segment) => segment.text)).toEqual(result?.map(([part]) => part))
  for (const [i, [, weight]] of (result ?? []).entries()) near(found[i]?.weight, weight)
})

test.each(golden.chunks ?? [])('chunks as in A1111: $text', ({ text, token_count, chunks }) => {
  const tokenizer = clipTokenizer()
  const found = a1111Chunks(a1111Segments(text), { tokenizer, rows: embeddingRows() })
  const padded = found.chunks.map((chunk) => padChunk(chunk, 'eos'))
  expect(padded.map(({ tokens }) => tokens)).toEqual(chunks.map(({ tokens }) => tokens))
  for (const [i, { multipliers }] of chunks.entries()) {
    for (const [k, weight] of multipliers.entries()) near(padded[i]?.weights[k], weight)
  }
  expect(found.tokenCount).toBe(token_count)
})

test.each(golden.extra_networks ?? [])('networks as in A1111: $text', ({
  text,
  prompt,
  networks,
}) => {
  const found = extractNetworks(text)
  expect(found.prompt).toBe(prompt)
  expect(found.networks).toEqual(
    networks.map(({ type, items, positional, named }) => ({ type, items, positional, named })),
  )
  for (const [i, { resolved, error }] of networks.entries()) {
    const network = found.networks[i]
    if (!network) continue
    if (error) expect(() => resolveLora(network)).toThrow(`<${network.type}:`)
    else if (resolved) expect(resolveLora(network)).toEqual(resolved)
  }
})

test.each(golden.composition ?? [])('composition as in A1111: $text', ({ text, parts }) => {
  const found = parseComposition(text)
  expect(found).toEqual(parts.map(({ prompt, weight }) => ({ text: prompt, weight })))
  for (const { prompt, schedule } of parts) {
    expect(pairs(promptSchedule(prompt, 20))).toEqual(schedule)
  }
})

test.each(golden.schedules ?? [])('schedule as in A1111: $text', (golden) => {
  const { text, steps } = golden
  const schedule = promptSchedule(text, steps)
  expect(pairs(schedule)).toEqual(golden.schedule)
  const indices = Array.from({ length: steps }, (_, step) => scheduleIndex(schedule, step))
  if (golden.index_for_step) expect(indices).toEqual(golden.index_for_step)
  if (golden.old_scheduling !== undefined) {
    const old = pairs(promptSchedule(text, steps, { oldRule: true }))
    expect(old).toEqual(golden.old_scheduling ?? golden.schedule)
  }
  if (golden.hires_pass_10) {
    const second = pairs(promptSchedule(text, steps, { secondPass: 10 }))
    expect(second).toEqual(golden.hires_pass_10)
  }
})

function pairs(schedule: ScheduledText[]): Schedule {
  return schedule.map(({ until, text }) => [until, text])
}

function near(found: number | undefined, expected: number): void {
  const gap = Math.abs((found ?? Number.NaN) - expected)
  expect(gap).toBeLessThanOrEqual(1e-12 * Math.abs(expected))
}
