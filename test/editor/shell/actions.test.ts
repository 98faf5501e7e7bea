import { describe, expect, it } from 'vitest'
import { actions } from '../../../editor/shell/actions.ts'
import { workflowInPng } from '../../../editor/shell/open-file.ts'
import { printBytes, printSeconds } from '../../../editor/shell/print.ts'
import { printKeys } from '../../../editor/shell/shortcuts.ts'
import { addPngText } from '../../../engine/formats/png-text.ts'

describe('the table of actions', () => {
  it('gives no key to two actions and no name twice', () => {
    const keys = actions.flatMap((action) => action.keys ?? [])
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([])
    const names = actions.map(({ name }) => name)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  it('prints keys as the keyboard has them', () => {
    expect(printKeys('$mod+Shift+z', false)).toBe('Ctrl+Shift+Z')
    expect(printKeys('$mod+Shift+z', true)).toBe('⌘⇧Z')
  })
})

describe('a picture that is dropped', () => {
  // A PNG of one grey pixel; only its outline matters here.
  const pixel = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
    'base64',
  )

  it('gives the workflow that it carries, in any script', () => {
    for (const name of ['plain', '日本語']) {
      const workflow = { version: 1, name, nodes: {} }
      const texts = [{ keyword: 'mazeru', text: JSON.stringify(workflow) }]
      expect(workflowInPng(addPngText('a.png', pixel, texts))).toEqual(workflow)
    }
  })

  it('gives nothing where it carries none or is cut short', () => {
    expect(workflowInPng(pixel)).toBeUndefined()
    expect(workflowInPng(pixel.subarray(0, 20))).toBeUndefined()
    expect(workflowInPng(new Uint8Array())).toBeUndefined()
  })
})

describe('printed figures', () => {
  it('are short', () => {
    expect([0, 999, 1024, 1536, 5 * 2 ** 30].map(printBytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 KB',
      '1.5 KB',
      '5.0 GB',
    ])
    expect([1.23, 59.4, 185, 3729].map(printSeconds)).toEqual(['1.2 s', '59 s', '3:05', '1:02:09'])
  })
})
