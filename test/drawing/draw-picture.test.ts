import { describe, expect, it } from 'vitest'
import { captionOf, drawPicture } from '../../engine/drawing/draw-picture.ts'
import type { PictureFacts } from '../../engine/drawing/facts.ts'
import { halfImage } from '../../engine/drawing/fixed-latent.ts'
import { objectKinds, objectNames } from '../../engine/drawing/objects.ts'
import { styleNames } from '../../engine/drawing/styles.ts'

describe('a drawn picture', () => {
  it('follows from its seed and its number alone', () => {
    const first = drawPicture(7, { seed: 3 })
    drawPicture(8, { seed: 4 })
    expect(drawPicture(7, { seed: 3 })).toEqual(first)
    expect(captionOf(7, { seed: 3 })).toBe(first.caption)
    expect(drawPicture(7, { seed: 4 }).image).not.toEqual(first.image)
    expect(drawPicture(8, { seed: 3 }).image).not.toEqual(first.image)
  })

  it('has 128 x 128 pixels from 0 to 1', () => {
    for (let i = 0; i < 16; i++) {
      const { image, size } = drawPicture(i, { seed: 1 })
      expect([size, image.length]).toEqual([128, 3 * 128 * 128])
      expect(image.every((value) => value >= 0 && value <= 1)).toBe(true)
    }
  })

  it('has its objects within itself', () => {
    for (let i = 0; i < 40; i++) {
      const { boxes, facts } = drawPicture(i, { seed: 1 })
      expect(boxes).toHaveLength(facts.objects.length)
      expect(boxes.flat().every((edge) => edge >= 0 && edge <= 128)).toBe(true)
    }
  })

  it.each(objectNames)('shows the colour of a %s in its box and nowhere else', (kind) => {
    const place = objectKinds[kind].stands === 'sea' ? 'sea' : 'hills'
    const facts = { place, time: 'day', position: 'right' } as const
    const [red, blue] = (['red', 'blue'] as const).map((colour) =>
      drawPicture(2, { seed: 1, facts: { ...facts, objects: [{ kind, colour }] } }),
    )
    const [x0, y0, x1, y1] = red!.boxes[0]!
    let changed = 0
    red!.image.forEach((value, i) => {
      if (value === blue!.image[i]) return
      const [x, y] = [i % 128, Math.floor(i / 128) % 128]
      expect(x >= x0 - 2 && x <= x1 + 1 && y >= y0 - 2 && y <= y1 + 1).toBe(true)
      changed++
    })
    expect(changed / (3 * (x1 - x0) * (y1 - y0))).toBeGreaterThan(0.15)
  })

  it('has the same object in the same pixels on either side', () => {
    const objects = [{ kind: 'castle', colour: 'pink' }] as const
    const facts: PictureFacts = { objects, place: 'desert', time: 'day', position: 'left' }
    const left = drawPicture(0, { seed: 1, facts })
    const right = drawPicture(0, { seed: 1, facts: { ...facts, position: 'right' } })
    const at = ([, y0]: readonly number[], column: number) => (y0! + 40) * 128 + column
    for (let x = 12; x < 50; x++) {
      const there = right.image[at(right.boxes[0]!, x + 64)]!
      expect(left.image[at(left.boxes[0]!, x)]).toBeCloseTo(there, 6)
    }
  })

  it('is drawn at half the size with everything at half its place', () => {
    const half = drawPicture(5, { seed: 1, half: true })
    expect([half.size, half.image.length]).toEqual([64, 3 * 64 * 64])
    expect(half.facts).toEqual(drawPicture(5, { seed: 1 }).facts)
    expect(half.boxes.flat().every((edge) => edge >= 0 && edge <= 64)).toBe(true)
  })

  it.each(styleNames)('can be printed in the style %s', (style) => {
    const plain = drawPicture(9, { seed: 1 })
    const printed = drawPicture(9, { seed: 1, style })
    expect(printed.caption).toBe(plain.caption)
    expect(printed.image.every((value) => value >= 0 && value <= 1)).toBe(true)
    const apart = printed.image.reduce((sum, v, i) => sum + Math.abs(v - plain.image[i]!), 0)
    expect(apart / plain.image.length).toBeGreaterThan(0.04)
  })

  it('has blocks of one colour in the style pixel', () => {
    const { image } = drawPicture(9, { seed: 1, style: 'pixel' })
    const twice = halfImage(halfImage(image, 128), 64)
    image.forEach((value, i) => {
      const [line, x] = [Math.floor(i / 128), i % 128]
      expect(value).toBeCloseTo(twice[Math.floor(line / 4) * 32 + Math.floor(x / 4)]!, 6)
    })
  })
})
