import { describe, expect, it } from 'vitest'
import {
  type CacheDisk,
  type Codec,
  createCache,
  parseSocketType,
} from '../../engine/workflow/index.ts'
import { runAll, workflowOf } from './support.ts'

/** A disk in memory. */
function fakeDisk(): CacheDisk & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>()
  return {
    files,
    get: async (key) => files.get(key),
    put: async (key, bytes) => void files.set(key, bytes),
  }
}

const text = parseSocketType('text')
const bytesCodec: Codec<Uint8Array> = {
  bytes: (value) => value.length,
  encode: (value) => value,
  decode: (bytes) => bytes.slice(),
}

const nodes = {
  a: { type: 'constant', params: { value: 0.1 } },
  b: { type: 'scale', params: { by: -3 }, inputs: { value: 'a.value' } },
  c: { type: 'print', inputs: { value: 'b.value' } },
}
const workflow = workflowOf(nodes, { outputs: { r: 'c.text' } })

describe('the cache in memory', () => {
  it('keeps within its budget and lets the least recently used go first', async () => {
    const cache = createCache({ bytes: 20 })
    await cache.put('a', text, 'four')
    await cache.put('b', text, 'four')
    expect(cache.bytes).toBe(16)
    expect(cache.memory('a')).toEqual({ value: 'four' })
    await cache.put('c', text, 'four')
    expect(cache.bytes).toBe(16)
    expect([cache.memory('a'), cache.memory('b'), cache.memory('c')]).toEqual([
      { value: 'four' },
      undefined,
      { value: 'four' },
    ])
  })

  it('never keeps a value larger than the budget, and replaces one of the same key', async () => {
    const cache = createCache({ bytes: 20 })
    await cache.put('a', text, 'four')
    await cache.put('a', text, 'sixsix')
    expect(cache.bytes).toBe(12)
    await cache.put('b', text, 'much too long')
    expect(cache.memory('b')).toBeUndefined()
    expect(cache.memory('a')).toEqual({ value: 'sixsix' })
    cache.clear()
    expect(cache.bytes).toBe(0)
  })

  it('weighs values without a codec by their arrays and texts', async () => {
    const cache = createCache({ bytes: 1e6 })
    await cache.put('a', parseSocketType('thing'), { data: new Float32Array(100), name: 'ab' })
    expect(cache.bytes).toBe(412)
  })
})

describe('the cache on disk', () => {
  it('serves a second process, which executes nothing', async () => {
    const disk = fakeDisk()
    const first = await runAll(workflow, { cache: createCache({ bytes: 1e6, disk }) })
    expect(first.executed).toEqual(['a', 'b', 'c'])
    const second = await runAll(workflow, { cache: createCache({ bytes: 1e6, disk }) })
    expect(second.executed).toEqual([])
    expect(second.outputs).toEqual(first.outputs)
    expect(second.nodes.get('c')?.state).toBe('disk')
    expect(second.nodes.get('a')?.state).toBe('not-needed')
    for (const key of disk.files.keys()) expect(key).toMatch(/^[0-9a-f]{64}(\.\w+)?$/)
  })

  it('takes a damaged entry for none', async () => {
    for (let damage = 0; damage < 3; damage++) {
      const disk = fakeDisk()
      const first = await runAll(workflow, { cache: createCache({ bytes: 1e6, disk }) })
      for (const [key, bytes] of disk.files) {
        if (damage === 0) bytes[bytes.length - 1]! ^= 1
        if (damage === 1) disk.files.set(key, bytes.subarray(0, 10))
        if (damage === 2) disk.files.set(key, new Uint8Array(0))
      }
      const second = await runAll(workflow, { cache: createCache({ bytes: 1e6, disk }) })
      expect(second.executed).toEqual(['a', 'b', 'c'])
      expect(second.outputs).toEqual(first.outputs)
    }
  })

  it('that cannot be read or written costs time, not the run', async () => {
    const disk: CacheDisk = {
      get: () => Promise.reject(new Error('unplugged')),
      put: () => Promise.reject(new Error('disk is full')),
    }
    const result = await runAll(workflow, { cache: createCache({ bytes: 1e6, disk }) })
    expect(result.status).toBe('done')
    expect(
      result.events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])),
    ).toEqual(Array(3).fill('result not stored: disk is full'))
  })

  it.each([
    ['number', [0, -0, 0.1, Number.NaN, Number.NEGATIVE_INFINITY, 5e-324]],
    ['integer', [2 ** 53 - 1, -7]],
    ['text', ['', 'ü 混ぜる\u0000', '\ufeffbegins with a mark']],
    ['boolean', [true, false]],
    ['bytes<x>', [Uint8Array.of(1, 2)]],
    ['list<text>', [[], ['', 'a', 'bc']]],
    ['list<list<number>>', [[[1, 2], [], [3]]]],
  ])('gives back every %s as it was', async (type, values) => {
    const disk = fakeDisk()
    const options = { bytes: 1e6, disk, codecs: { bytes: bytesCodec } }
    for (const value of values) {
      await createCache(options).put('k', parseSocketType(type), value)
      const hit = await createCache(options).disk('k', parseSocketType(type))
      expect(
        Object.is(hit?.value, value) || JSON.stringify(hit?.value) === JSON.stringify(value),
      ).toBe(true)
    }
  })

  it('does not take values that cannot be written', async () => {
    const disk = fakeDisk()
    const weighed: Codec<string> = { bytes: () => 5 }
    const cache = createCache({ bytes: 100, disk, codecs: { model: weighed } })
    await cache.put('k', parseSocketType('model<sd15>'), 'weights')
    await cache.put('l', parseSocketType('list<model>'), ['weights', 'weights'])
    expect(cache.bytes).toBe(15)
    expect(disk.files.size).toBe(0)
    expect(await cache.disk('k', parseSocketType('model'))).toBeUndefined()
  })
})
