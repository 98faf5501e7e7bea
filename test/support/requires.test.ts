import { describe, expect, it } from 'vitest'
import { lacks, missingWebgpu, refuse } from './requires.ts'

describe('a test that needs more than npm ci', () => {
  it('is skipped on a machine that lacks the thing, with the way to get it', () => {
    expect(refuse('webgpu', 'no adapter', {})).toBe(true)
    expect(refuse('webgpu', 'no adapter', { CI: 'false' })).toBe(true)
  })

  it('fails in CI instead of being skipped', () => {
    expect(() => refuse('webgpu', 'no adapter', { CI: 'true' })).toThrow(
      'webgpu: no adapter; apt-get install chromium libvulkan1',
    )
  })

  it('runs where the thing is there, in CI as elsewhere', () => {
    expect(refuse('webgpu', undefined, { CI: 'true' })).toBe(false)
  })

  it('believes MAZERU_WEBGPU', () => {
    expect(missingWebgpu({ MAZERU_WEBGPU: '0' })).toBe('MAZERU_WEBGPU is 0')
    expect(missingWebgpu({ MAZERU_WEBGPU: '1' })).toBeUndefined()
  })

  it('says which adapter does not compute', () => {
    const environment = { ...process.env, VK_ICD_FILENAMES: 'nowhere.json' }
    expect(missingWebgpu(environment)).toBe('the adapter of nowhere.json does not compute')
  })
})

describe.skipIf(lacks('webgpu'))('an adapter that was found', () => {
  it('is found again by a second question', () => expect(lacks('webgpu')).toBe(false))
})
