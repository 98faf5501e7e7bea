import { describe, expect, it } from 'vitest'
import { readMetadata } from '../../engine/dataset/metadata-jsonl.ts'

describe('metadata in lines', () => {
  it('has an object a line, empty lines aside', () => {
    const text = '{"file_name":"a.png","text":"a cat"}\n\n{"file_name":"b.png"}\n'
    expect(read(text)).toEqual([
      { file: 'a.png', captions: ['a cat'] },
      { file: 'b.png', captions: [] },
    ])
  })

  it('tells captions, tags, licence, source and mask', () => {
    const line = {
      file_name: 'a.png',
      caption: ['a cat', 'an animal'],
      tags: ['red', 'sofa'],
      license: 'CC0',
      source: 'https://example.org/a',
      mask: 'masks/a.png',
      width: 12,
    }
    expect(read(JSON.stringify(line))).toEqual([
      {
        file: 'a.png',
        captions: ['a cat, red, sofa', 'an animal, red, sofa'],
        licence: 'CC0',
        source: 'https://example.org/a',
        mask: 'masks/a.png',
      },
    ])
  })

  it('is refused with every line that is wrong', () => {
    const text = [
      '{"file_name":"a.png","text":"fine"}',
      '{"text":"a cat"}',
      '{"file_name":"b.png","text":3}',
      '[1]',
      '{"file_name":"c.png","file_name":"d.png"}',
      'not JSON',
    ].join('\n')
    expect(() => read(text)).toThrow(
      /^m: line 2: file_name is absent.*\nm: line 3: text is 3, a text or .*\nm: line 4 is a list, .*\nm: line 5 has the key "file_name" twice.*\nm: line 6 is not JSON/,
    )
  })
})

describe('metadata of kohya', () => {
  it('has an object by file, with tags after the caption', () => {
    const text = JSON.stringify({
      '/data/cats/a': { caption: 'a cat', tags: 'red, sofa', train_resolution: [512, 512] },
      b: { tags: 'blue' },
    })
    expect(read(text)).toEqual([
      { file: '/data/cats/a', captions: ['a cat, red, sofa'] },
      { file: 'b', captions: ['blue'] },
    ])
  })
})

function read(text: string) {
  return readMetadata('m', new TextEncoder().encode(text))
}
