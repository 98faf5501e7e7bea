import type { Fit } from '../buckets.ts'
import type { DatasetItem, DatasetSettings } from '../settings.ts'
import { type CaptionFacts, captionFindings } from './captions.ts'
import { type Finding, finding } from './findings.ts'
import { framingFindings } from './framing.ts'
import type { Measured } from './measure.ts'
import type { DoctorOptions } from './options.ts'

/** A picture, where it is trained, and what was measured of it. */
export interface PictureFacts {
  readonly item: DatasetItem
  readonly fit: Fit
  readonly measured: Measured
  readonly caption: CaptionFacts
}

/** Everything that is wrong with one picture by itself. */
export function pictureFindings(
  facts: PictureFacts,
  settings: DatasetSettings,
  options: DoctorOptions,
): Finding[] {
  return [
    ...lookFindings(facts, options),
    ...framingFindings(facts.item, facts.fit, settings, options),
    ...alphaFindings(facts),
    ...captionFindings(facts.caption, options),
  ]
}

/** A picture of less contrast shows nothing. */
const leastContrast = 0.006
/** Edges of one direction that are this much wider than the others come from movement. */
const shaken = { width: 1.5, beyond: 0.5 }

function lookFindings({ item, measured }: PictureFacts, { maxEdgeWidth }: DoctorOptions) {
  const { path } = item
  const { sharpness, likeness } = measured
  if (likeness.contrast < leastContrast) {
    const message = `${path}: one colour all over, a picture expected`
    return [finding('blank', [path], message, 'leave it out')]
  }
  const { edgeWidth, widestDirection } = sharpness
  if (edgeWidth === undefined || widestDirection === undefined) return []
  const remedy = 'leave it out or replace it; what is blurred is learned as blurred'
  const expected = `at most ${maxEdgeWidth} expected`
  if (edgeWidth > maxEdgeWidth) {
    const found = `its sharper edges are ${edgeWidth.toFixed(1)} pixels wide at training size`
    return [finding('blurred', [path], `${path}: ${found}, ${expected}`, remedy)]
  }
  if (widestDirection > Math.max(shaken.width, maxEdgeWidth, edgeWidth + shaken.beyond)) {
    const found = `edges are ${widestDirection.toFixed(1)} pixels wide in one direction`
    const message = `${path}: ${found}, as by movement, ${expected}`
    return [finding('blurred', [path], message, remedy)]
  }
  return []
}

function alphaFindings({ item, measured }: PictureFacts): Finding[] {
  const { path, subset } = item
  if (!measured.alpha) return []
  const { transparent } = measured.alpha
  if (transparent < 0.001) {
    const message = `${path}: its alpha channel is opaque all over, none expected`
    return [finding('opaque-alpha', [path], message, 'nothing has to be done')]
  }
  if (subset.alphaMask) return []
  const share = `${Math.max(1, Math.round(100 * transparent))} % is transparent`
  return [
    finding(
      'ignored-alpha',
      [path],
      `${path}: ${share}, but the colours below it are trained on; opaque pictures expected`,
      'turn on alphaMask, or put the picture on a background',
    ),
  ]
}
