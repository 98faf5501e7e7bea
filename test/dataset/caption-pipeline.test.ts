import { describe, expect, it } from 'vitest'
import { captionFor, isFixedCaption } from '../../engine/dataset/caption-pipeline.ts'
import { subsetSchema } from '../../engine/dataset/settings.ts'

const tags = 'a cat, red, sofa, lamp, window'
const moment = { seed: 1, step: 0, epoch: 1, index: 0 }

describe('the caption of a step', () => {
  it('is the first line without settings', () => {
    check(['a, cat', 'a dog'], {}, 'a, cat')
    check([], {}, '')
  })

  it('gets prefix and suffix with a space', () => {
    check(['cat'], { captionPrefix: 'photo of', captionSuffix: 'indoors' }, 'photo of cat indoors')
  })

  it('is dropped before anything is added that could not be dropped', () => {
    check([tags], { captionDropoutRate: 1, captionPrefix: 'photo of' }, '')
    check([tags], { captionDropoutRate: 1, replacements: { '': 'all' } }, '')
  })

  it('is dropped at its rate', () => {
    const empty = many({ captionDropoutRate: 0.3 }).filter((text) => text === '')
    expect(empty.length / draws).toBeGreaterThan(0.26)
    expect(empty.length / draws).toBeLessThan(0.34)
  })

  it('is dropped in every n-th epoch, counted from 1', () => {
    const settings = { captionDropoutEveryNEpochs: 3 }
    const empty = [1, 2, 3, 4, 5, 6].filter((epoch) => caption([tags], settings, { epoch }) === '')
    expect(empty).toEqual([3, 6])
  })

  it('takes one of several lines and one of several words with wildcards', () => {
    const lines = ['a {red|blue} cat', 'a dog']
    expect(new Set(many({ enableWildcard: true }, lines))).toEqual(
      new Set(['a red cat', 'a blue cat', 'a dog']),
    )
  })

  it('reads doubled braces as braces', () => {
    check(['a {{b}} {c}'], { enableWildcard: true }, 'a {b} c')
    check(['a {{b}} {c|d}'], {}, 'a {{b}} {c|d}')
  })

  it('keeps the first tags in place while the others move', () => {
    const texts = many({ shuffleCaption: true, keepTokens: 2 })
    const different = [...new Set(texts)]
    expect(different).toHaveLength(6)
    for (const text of different) {
      expect(text.startsWith('a cat, red, ')).toBe(true)
      expect(text.split(', ').sort()).toEqual(tags.split(', ').sort())
    }
  })

  it('keeps what stands before a separator, and after a second one', () => {
    const texts = many({ shuffleCaption: true, keepTokensSeparator: '|||' }, [
      'a cat ||| red, sofa ||| best, ',
    ])
    expect(new Set(texts)).toEqual(new Set(['a cat, red, sofa, best', 'a cat, sofa, red, best']))
  })

  it('begins with few tags and has all of them after the warm-up', () => {
    const settings = { tokenWarmupStep: 4, tokenWarmupMin: 1 }
    const counts = [0, 1, 2, 3, 4, 9].map(
      (step) => caption([tags], settings, { step }).split(', ').length,
    )
    expect(counts).toEqual([1, 2, 3, 4, 5, 5])
  })

  it('takes a warm-up below 1 as a share of all steps', () => {
    const settings = { tokenWarmupStep: 0.5 }
    expect(caption([tags], settings, { step: 3, maxTrainSteps: 10 })).toBe('a cat, red, sofa')
    expect(caption([tags], settings, { step: 5, maxTrainSteps: 10 })).toBe(tags)
  })

  it('warms up before it shuffles, so the first tags come first', () => {
    const settings = { shuffleCaption: true, tokenWarmupStep: 5, tokenWarmupMin: 2 }
    expect(new Set(many(settings))).toEqual(new Set(['a cat, red', 'red, a cat']))
  })

  it('loses tags at their rate, but no kept ones', () => {
    const texts = many({ captionTagDropoutRate: 0.4, keepTokens: 1 })
    const left = texts.flatMap((text) => text.split(', ').slice(1)).length / (4 * draws)
    expect(left).toBeGreaterThan(0.57)
    expect(left).toBeLessThan(0.63)
    expect(texts.every((text) => text.startsWith('a cat'))).toBe(true)
  })

  it('keeps tags together that another separator joins', () => {
    const texts = many({ shuffleCaption: true, secondarySeparator: ';;;' }, ['red;;;sofa, lamp'])
    expect(new Set(texts)).toEqual(new Set(['red,sofa, lamp', 'lamp, red,sofa']))
  })

  it('is replaced at the end', () => {
    check(['a $cat'], { replacements: { $cat: 'b $& cat', sofa: 'x' } }, 'a b $& cat')
    const texts = many({ replacements: { '': ['one', 'two'] } })
    expect(new Set(texts)).toEqual(new Set(['one', 'two']))
  })

  it('depends on seed, epoch, step and place, and on nothing else', () => {
    const settings = { shuffleCaption: true, captionTagDropoutRate: 0.2 }
    const text = caption([tags], settings)
    expect(caption([tags], settings)).toBe(text)
    for (const part of ['seed', 'epoch', 'step', 'index']) {
      const others = [11, 12, 13, 14].map((value) => caption([tags], settings, { [part]: value }))
      expect(new Set([text, ...others]).size).toBeGreaterThan(1)
    }
  })
})

describe('a caption may be encoded once', () => {
  it.each<[object, string[], boolean]>([
    [{}, [tags], true],
    [{ captionPrefix: 'a', secondarySeparator: ';' }, [tags, 'second'], true],
    [{ shuffleCaption: true }, [tags], false],
    [{ captionTagDropoutRate: 0.1 }, [tags], false],
    [{ captionDropoutRate: 0.1 }, [tags], false],
    [{ captionDropoutEveryNEpochs: 2 }, [tags], false],
    [{ tokenWarmupStep: 3 }, [tags], false],
    [{ enableWildcard: true }, [tags], true],
    [{ enableWildcard: true }, [tags, 'second'], false],
    [{ enableWildcard: true }, ['{a|b}'], false],
    [{ replacements: { '': ['a', 'b'] } }, [tags], false],
  ])('with %j and %j: %s', (settings, captions, expected) => {
    const subset = subsetSchema.parse(settings)
    expect(isFixedCaption(subset, captions)).toBe(expected)
    const texts = new Set(many(settings, captions))
    if (expected) expect(texts.size).toBe(1)
  })
})

const draws = 2000

function check(captions: string[], settings: object, expected: string) {
  expect(caption(captions, settings)).toBe(expected)
}

function caption(captions: string[], settings: object, when: object = {}) {
  const subset = subsetSchema.parse(settings)
  return captionFor({ captions, subset }, { ...moment, ...when })
}

function many(settings: object, captions = [tags]): string[] {
  return Array.from({ length: draws }, (_, index) => caption(captions, settings, { index }))
}
