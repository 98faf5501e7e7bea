import { describe, expect, it } from 'vitest'
import { parseInfotext, parseSettings, writeInfotext } from '../../engine/formats/infotext.ts'
import {
  type Generation,
  generationOf,
  infotextOf,
  infotextSamplers,
  infotextSchedules,
} from '../../engine/formats/infotext-names.ts'
import { seeded } from '../support/seeded.ts'

const write = (generation: Generation) => writeInfotext(infotextOf(generation))
const read = (text: string) => generationOf(parseInfotext(text))

const whole: Generation = {
  prompt: 'a cat, (sitting:1.2) on a mat\n<lora:ink:0.8>',
  negative: 'blurry, "bad"\nlowres',
  steps: 20,
  sampler: 'euler_ancestral',
  schedule: 'karras',
  guidance: 7,
  seed: 4294967295,
  width: 512,
  height: 768,
  modelHash: 'abcdef0123',
  model: 'style, v1: "best"',
  denoise: 0.55,
  clipSkip: 2,
  loras: [
    { name: 'ink', hash: '0123456789ab' },
    { name: 'a: b', hash: 'ba9876543210' },
  ],
  others: new Map([['Version', 'mazeru 1']]),
}

describe('the text of a picture', () => {
  it('is written as the WebUI writes it', () => {
    expect(
      write({
        prompt: 'a cat',
        negative: 'blurry',
        steps: 20,
        sampler: 'euler_ancestral',
        schedule: 'karras',
        guidance: 7,
        seed: 1,
        width: 512,
        height: 512,
        modelHash: 'abcdef0123',
        model: 'demo',
        loras: [
          { name: 'a', hash: '0123456789ab' },
          { name: 'b', hash: 'ba9876543210' },
        ],
      }),
    ).toBe(
      [
        'a cat',
        'Negative prompt: blurry',
        'Steps: 20, Sampler: Euler a, Schedule type: Karras, CFG scale: 7, Seed: 1, Size: 512x512, Model hash: abcdef0123, Model: demo, Lora hashes: "a: 0123456789ab, b: ba9876543210"',
      ].join('\n'),
    )
  })

  it('is read back whole', () => {
    expect(read(write(whole))).toEqual(whole)
  })

  it('is read back whole without prompt, without negative, without both', () => {
    for (const without of [{ prompt: '' }, { negative: '' }, { prompt: '', negative: '' }]) {
      expect(read(write({ ...whole, ...without }))).toEqual({ ...whole, ...without })
    }
  })

  it('names every sampler and every schedule of ours, and knows it again', () => {
    for (const sampler of Object.keys(infotextSamplers)) {
      for (const schedule of Object.keys(infotextSchedules)) {
        expect(read(write({ ...whole, sampler, schedule }))).toMatchObject({ sampler, schedule })
      }
    }
    const labels = Object.values(infotextSamplers).map(({ label }) => label)
    expect(new Set(labels).size).toBe(labels.length)
  })

  it.each([
    ['Sampler: DPM++ 2M Karras', 'dpmpp_2m', 'karras'],
    ['Sampler: DPM++ 2M SDE Exponential', 'dpmpp_2m_sde', 'exponential'],
    ['Sampler: DPM++ 2M', 'dpmpp_2m', 'karras'],
    ['Sampler: DPM++ 3M SDE, Schedule type: Automatic', 'dpmpp_3m_sde', 'exponential'],
    ['Sampler: Euler a', 'euler_ancestral', 'normal'],
    ['Sampler: Euler, Schedule type: Uniform', 'euler', 'normal'],
    ['Sampler: LMS Karras, Schedule type: Simple', 'lms', 'simple'],
    ['Sampler: euler, Schedule type: SGMUniform', 'euler', 'sgm_uniform'],
    ['Sampler: DPM adaptive, Schedule type: KL Optimal', 'DPM adaptive', 'KL Optimal'],
    ['Sampler: constructor, Schedule type: toString', 'constructor', 'toString'],
  ])('may come from an older or another program: %s', (line, sampler, schedule) => {
    expect(read(`a cat\nSteps: 20, ${line}, Seed: 1`)).toMatchObject({ sampler, schedule })
  })

  it('is all prompt where no line of settings ends it', () => {
    const text = 'a cat, ratio: 2\nstyle: ink, mood: calm'
    expect(parseInfotext(text)).toEqual({ prompt: text, negative: '', settings: new Map() })
    expect(parseInfotext('')).toEqual({ prompt: '', negative: '', settings: new Map() })
  })

  it('keeps values of other programs: quotes, brackets, empty ones', () => {
    const line =
      'Steps: 20, Hashes: {"model": "ab, cd"}, Civitai resources: [{"type":"lora","weight":0.5},{"a":[1,2]}], TI hashes: "x: 1, y: \\"2\\"", Empty: , Time: 12:30, Tail: "not closed, really'
    expect([...parseSettings(line)]).toEqual([
      ['Steps', '20'],
      ['Hashes', '{"model": "ab, cd"}'],
      ['Civitai resources', '[{"type":"lora","weight":0.5},{"a":[1,2]}]'],
      ['TI hashes', 'x: 1, y: "2"'],
      ['Empty', ''],
      ['Time', '12:30'],
      ['Tail', '"not closed'],
    ])
  })

  it('leaves a value that is no number among the others', () => {
    const { steps, seed, others } = read('a cat\nSteps: many, Seed: 1, CFG scale: 7')
    expect({ steps, seed, others }).toEqual({
      steps: undefined,
      seed: 1,
      others: new Map([['Steps', 'many']]),
    })
  })

  it('reads Windows line ends', () => {
    expect(parseInfotext('a\r\nb\r\nNegative prompt: c\r\nd\r\nSteps: 1')).toEqual({
      prompt: 'a\nb',
      negative: 'c\nd',
      settings: new Map([['Steps', '1']]),
    })
  })

  it('never crashes its reader, and survives any value', () => {
    for (let seed = 0; seed < 500; seed++) {
      const { text } = seeded(seed)
      const settings = new Map([
        ['Steps', '1'],
        ['Model', text(20)],
        ['VAE', `${text(5).trim()}\n"${text(5)}",:[{`],
      ])
      const infotext = { prompt: 'a', negative: text(9).trim(), settings }
      const read = parseInfotext(writeInfotext(infotext))
      expect(read.settings).toEqual(settings)
      parseInfotext(text(200))
      generationOf(
        parseInfotext(`Steps: ${text(40)}, Sampler: ${text(20)}, Lora hashes: ${text(40)}`),
      )
    }
  })

  it.each(['Lora hashes: "', 'a: [, ', 'a: {"b": "\\", '])('is read in linear time: %s', (part) => {
    const before = performance.now()
    generationOf(parseInfotext(`a\nSteps: 1, ${part.repeat(100_000)}`))
    expect(performance.now() - before).toBeLessThan(2000)
  })
})
