import { describe, expect, it } from 'vitest'
import { diversityOf, type Look } from '../../../engine/dataset/doctor/diversity.ts'
import { embeddingOf } from '../../../engine/dataset/doctor/embedding.ts'
import { mannerOf } from '../../../engine/dataset/doctor/manner.ts'
import { doctorSchema } from '../../../engine/dataset/doctor/options.ts'
import { type Plane, partOf, planesOf } from '../../../engine/dataset/doctor/plane.ts'
import { diversityFindings } from '../../../engine/dataset/doctor/set-findings.ts'
import { drawScene, randomFrom, type Scene, sceneStyles } from './scenes.ts'

const options = doctorSchema.parse({})
const side = 48
/** Seeds that no limit was chosen by: 20 sets of each kind. */
const heldOut = Array.from({ length: 20 }, (_, index) => 8001 + index)

type Planes = readonly [Plane, Plane, Plane]

function lookOf(planes: Planes): Look {
  return { embedding: embeddingOf(planes), manner: mannerOf(planes) }
}

function drawn(scene: Scene): Look {
  return lookOf(planesOf(drawScene(scene, side, side)))
}

function styleOf(random: () => number): Scene['style'] {
  return sceneStyles[Math.floor(sceneStyles.length * random())] as Scene['style']
}

/** Views of one scene, as of a film: moved, zoomed and in other light. */
function framesOf(
  seed: number,
  count: number,
  given?: Scene['style'],
): { looks: Look[]; style: Scene['style'] } {
  const random = randomFrom(seed)
  const style = given ?? styleOf(random)
  const whole = planesOf(drawScene({ style, seed }, 96, 96))
  const looks = Array.from({ length: count }, () => {
    const size = 0.6 + 0.2 * random()
    const [left, top] = [random() * (1 - size) * 0.6, random() * (1 - size) * 0.6]
    const gain = 0.8 + 0.4 * random()
    const view = whole.map((plane) => {
      const part = partOf(plane, [left, top, left + size, top + size])
      return { ...part, data: part.data.map((value) => Math.min(1, gain * value)) }
    })
    return lookOf(view as unknown as Planes)
  })
  return { looks, style }
}

function kindsOf(looks: readonly Look[]) {
  const paths = looks.map((_, index) => `${index}`)
  return diversityFindings(diversityOf(looks, 0), paths, options)
}

function isLow(looks: readonly Look[]): boolean {
  return kindsOf(looks).some(({ kind }) => kind === 'low-diversity')
}

describe('diversity', () => {
  it('finds 95 % of the sets that show one scene, and names none of 5 % of the others', () => {
    let [found, wrong] = [0, 0]
    for (const seed of heldOut) {
      const random = randomFrom(seed)
      const count = 10 + Math.floor(5 * random())
      if (isLow(framesOf(seed, count).looks)) found++
      const various = Array.from({ length: count }, (_, index) =>
        drawn({ style: styleOf(random), seed: seed * 50 + index }),
      )
      if (isLow(various)) wrong++
    }
    expect(found / heldOut.length).toBeGreaterThanOrEqual(0.95)
    expect(wrong / heldOut.length).toBeLessThanOrEqual(0.05)
  })

  it('finds 95 % of the strangers in sets of one scene and takes 5 % of the others for one', () => {
    const sums = { right: 0, wrong: 0, sets: 0, others: 0 }
    for (const seed of heldOut) {
      const random = randomFrom(seed + 1)
      const { looks, style } = framesOf(seed * 3, 12)
      const others = sceneStyles.filter((other) => other !== style)
      const stranger = others[Math.floor(others.length * random())] as Scene['style']
      looks[4] = drawn({ style: stranger, seed: seed * 7 })
      const { outliers } = diversityOf(looks, 0)
      sums.sets++
      sums.others += looks.length - 1
      if (outliers.includes(4)) sums.right++
      sums.wrong += outliers.filter((index) => index !== 4).length
    }
    expect(sums.right / sums.sets).toBeGreaterThanOrEqual(0.95)
    expect(sums.wrong / sums.others).toBeLessThanOrEqual(0.05)
    expect(sums.wrong / (sums.right + sums.wrong)).toBeLessThanOrEqual(0.05)
  })

  it('groups pictures by how they look', () => {
    const styles = ['lines', 'flat', 'texture'] as const
    const looks = styles.flatMap((style, index) => framesOf(index + 5, 5, style).looks)
    const { groups, silhouette } = diversityOf(looks, 0)
    const wanted = [0, 5, 10].map((first) => [0, 1, 2, 3, 4].map((index) => first + index))
    expect(groups.toSorted((a, b) => a[0]! - b[0]!)).toEqual(wanted)
    expect(silhouette).toBeGreaterThan(0.4)
  })

  it('counts equal pictures as one, and says nothing of no pictures', () => {
    const look = drawn({ style: 'flat', seed: 1 })
    expect(diversityOf([look, look, look], 0).effectiveNumber).toBeCloseTo(1)
    expect(diversityOf([], 0)).toEqual({
      ...{ effectiveNumber: 0, groups: [], silhouette: 0, outliers: [] },
    })
  })
})
