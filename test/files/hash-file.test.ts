import { createHash } from 'node:crypto'
import { appendFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hashFile, sha256 } from '../../engine/files/hash-file.ts'
import { openStore } from '../../engine/store.ts'
import { temporaryFolder } from '../support/temporary.ts'

/** Larger than a piece that is read at once. */
const large = new Uint8Array(9_000_001).map((_, index) => (index * 31) >> 3)

describe('the hashes of a checkpoint', () => {
  test('are SHA-256 of the whole, and eight digits of 64 KiB from the first MiB on', async () => {
    const path = join(temporaryFolder({ 'base.safetensors': large }), 'base.safetensors')
    expect(await hashFile(path)).toEqual({
      sha256: createHash('sha256').update(large).digest('hex'),
      short: sha256(large.subarray(2 ** 20, 2 ** 20 + 2 ** 16)).slice(0, 8),
    })
  })

  test('of a file that ends before, are that of nothing', async () => {
    const path = join(temporaryFolder({ 'base.safetensors': 'abc' }), 'base.safetensors')
    expect(await hashFile(path)).toEqual({
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      short: 'e3b0c442',
    })
  })

  test('are none for a model in a folder', async () => {
    expect(await hashFile(temporaryFolder({ 'unet/config.json': '{}' }))).toBeUndefined()
  })

  test('are read once, until the file changes', async () => {
    const folder = temporaryFolder({ 'base.safetensors': large })
    const path = join(folder, 'base.safetensors')
    const first = await hashed(path, folder)
    expect(first.progress.at(-1)).toEqual([large.length, large.length])
    expect(first.progress.length).toBeGreaterThan(2)
    const second = await hashed(path, folder)
    expect(second).toEqual({ hashes: first.hashes, progress: [] })
    appendFileSync(path, 'x')
    const changed = await hashed(path, folder)
    expect(changed.hashes!.sha256).not.toBe(first.hashes!.sha256)
    expect(changed.progress).not.toEqual([])
  })

  test('are not given for a file that changes while it is read', async () => {
    const path = join(temporaryFolder({ 'base.safetensors': large }), 'base.safetensors')
    const onProgress = () => {
      const { mtimeMs } = statSync(path)
      utimesSync(path, mtimeMs / 1000 + 5, mtimeMs / 1000 + 5)
    }
    await expect(hashFile(path, { onProgress })).rejects.toThrow(
      'base.safetensors: changed while it was read, an unchanged file expected; try again',
    )
  })

  test('are given up when the run is cancelled', async () => {
    const path = join(temporaryFolder(), 'base.safetensors')
    writeFileSync(path, large)
    const stop = new AbortController()
    const onProgress = () => stop.abort()
    await expect(hashFile(path, { signal: stop.signal, onProgress })).rejects.toThrow(/abort/i)
  })
})

/** With a store in the folder, as the services have it. */
async function hashed(path: string, folder: string) {
  const progress: [number, number][] = []
  const store = openStore({ folder: join(folder, 'cache'), maxBytes: 1e6 })
  const memory = { get: store.readRecord, put: store.writeRecord }
  const onProgress = (done: number, size: number) => progress.push([done, size])
  return { hashes: await hashFile(path, { memory, onProgress }), progress }
}
