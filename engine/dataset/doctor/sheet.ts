import type { Image } from '../../sockets.ts'
import {
  type Canvas,
  type Colour,
  drawFrame,
  drawPlanes,
  drawText,
  fillBox,
  imageOf,
  newCanvas,
  textWidth,
} from './canvas.ts'
import type { Examination } from './examine.ts'
import { type FindingKind, findingKinds, type Severity, severities } from './findings.ts'
import { thumbnailSide } from './measure.ts'
import type { DoctorReport, PictureReport } from './report.ts'

/**
 * A contact sheet: every picture small, with a frame round what is trained on, the rest shaded, a
 * border in the colour of its worst finding, and a short code for each finding; a legend below.
 */

/** Width of the coloured border, and room for the picture within it. */
const border = 5
const cellSide = thumbnailSide + 2 * border
const gap = 16
const margin = 24
const chip = { width: 30, height: 20, gap: 4, perRow: 5 }
const lettersPerCell = Math.floor(cellSide / 12)
const legendWidth = 372
/** More pictures make a sheet that nothing can show; those with findings come first then. */
const mostPictures = 240

const ink: Colour = [0.13, 0.14, 0.16]
const faint: Colour = [0.42, 0.43, 0.45]
const paper: Colour = [0.965, 0.96, 0.945]
const white: Colour = [1, 1, 1]
const dark: Colour = [0.2, 0.21, 0.23]
const severityColours: Readonly<Record<Severity | 'fine', Colour>> = {
  error: [0.78, 0.13, 0.15],
  warning: [0.87, 0.49, 0],
  note: [0.25, 0.43, 0.68],
  fine: [0.3, 0.62, 0.36],
}

/** Draws the sheet of an examination as `[1, 3, height, width]`. */
export function contactSheet({ report, thumbnails }: Examination): Image {
  const shown = shownPictures(report)
  const columns = Math.min(8, Math.max(4, Math.ceil(Math.sqrt(1.4 * shown.length))))
  const width = 2 * margin + columns * (cellSide + gap) - gap
  const chips = chipsOf(report)
  const rows = Array.from({ length: Math.ceil(shown.length / columns) }, (_, row) =>
    shown.slice(row * columns, (row + 1) * columns),
  )
  const heights = rows.map((row) => rowHeight(row, chips))
  const header = 118
  const legend = legendEntries(report)
  const legendColumns = Math.max(1, Math.floor((width - 2 * margin) / legendWidth))
  const legendHeight = 64 + Math.ceil(legend.length / legendColumns) * 28
  const height = header + heights.reduce((sum, value) => sum + value, 0) + legendHeight + margin
  const canvas = newCanvas(width, height, paper)
  drawHeader(canvas, report, shown.length)
  let top = header
  for (const [index, row] of rows.entries()) {
    for (const [column, picture] of row.entries()) {
      const place = { left: margin + column * (cellSide + gap), top }
      drawCell(canvas, picture, place, { thumbnail: thumbnails.get(picture.path), chips })
    }
    top += heights[index]!
  }
  drawLegend(canvas, legend, { top, columns: legendColumns })
  return imageOf(canvas)
}

type ChipsOf = (picture: PictureReport) => readonly FindingKind[]

function shownPictures({ pictures }: DoctorReport): readonly PictureReport[] {
  if (pictures.length <= mostPictures) return pictures
  const rank = ({ worst }: PictureReport) => (worst ? severities.indexOf(worst) : 9)
  return pictures.toSorted((a, b) => rank(a) - rank(b)).slice(0, mostPictures)
}

/** What concerns every picture is told once, in the legend, and not on each of them. */
function chipsOf({ pictures, findings }: DoctorReport): ChipsOf {
  const common = new Set<FindingKind>(
    findings.flatMap(({ kind, paths, severity }) =>
      severity === 'note' && paths.length > 1 && paths.length === pictures.length ? [kind] : [],
    ),
  )
  return (picture) => picture.findings.filter((kind) => !common.has(kind))
}

function rowHeight(row: readonly PictureReport[], chips: ChipsOf): number {
  const most = Math.max(...row.map((picture) => chips(picture).length))
  const lines = Math.ceil(most / chip.perRow)
  return cellSide + 30 + lines * (chip.height + chip.gap) + gap
}

function drawHeader(canvas: Canvas, report: DoctorReport, shown: number): void {
  const { counts, resolution, diversity } = report
  const { pictures, errors, warnings, notes } = counts
  const title = `${pictures} ${pictures === 1 ? 'picture' : 'pictures'}`
  drawText(canvas, title, { left: margin, top: 24, scale: 4, colour: ink })
  let left = margin + textWidth(`${title}  `, 4)
  const tallies = { error: errors, warning: warnings, note: notes }
  for (const severity of severities) {
    const text = `${tallies[severity]} ${severity}${tallies[severity] === 1 ? '' : 's'}`
    drawText(canvas, text, { left, top: 36, scale: 2, colour: severityColours[severity] })
    left += textWidth(`${text}  `, 2)
  }
  const unlike = `they count as ${diversity.effectiveNumber.toFixed(1)} different ones`
  const more = shown < pictures ? `, ${shown} of them shown` : ''
  const line = `trained at ${resolution.join(' x ')}; ${unlike}${more}`
  drawText(canvas, line, { left: margin, top: 72, scale: 2, colour: faint })
}

interface CellContent {
  readonly thumbnail: ReturnType<Examination['thumbnails']['get']>
  readonly chips: ChipsOf
}

function drawCell(
  canvas: Canvas,
  picture: PictureReport,
  { left, top }: { readonly left: number; readonly top: number },
  { thumbnail, chips }: CellContent,
): void {
  const kinds = chips(picture)
  const worst = severities.find((severity) =>
    kinds.some((kind) => severityOf(kind, picture) === severity),
  )
  const square = { left, top, width: cellSide, height: cellSide }
  fillBox(canvas, square, dark)
  drawFrame(canvas, square, border, severityColours[worst ?? 'fine'])
  if (thumbnail) drawThumbnail(canvas, picture, thumbnail, square)
  else drawCross(canvas, square)
  const name = shortName(picture.path)
  drawText(canvas, name, { left, top: top + cellSide + 8, scale: 2, colour: ink })
  for (const [index, kind] of kinds.entries()) {
    const [column, row] = [index % chip.perRow, Math.floor(index / chip.perRow)]
    drawChip(canvas, kind, severityOf(kind, picture), {
      left: left + column * (chip.width + chip.gap),
      top: top + cellSide + 30 + row * (chip.height + chip.gap),
    })
  }
}

/** A licence that was asked for is an error although it is a note elsewhere: trust the worst. */
function severityOf(kind: FindingKind, { worst, findings }: PictureReport): Severity {
  const usual = findingKinds[kind].severity
  const known = findings.some((other) => findingKinds[other].severity === worst)
  return !known && worst && kind === 'missing-licence' ? worst : usual
}

function drawThumbnail(
  canvas: Canvas,
  { width, height, crop }: PictureReport,
  planes: NonNullable<CellContent['thumbnail']>,
  cell: { readonly left: number; readonly top: number },
): void {
  const [{ width: across, height: down }] = planes
  const left = cell.left + Math.floor((cellSide - across) / 2)
  const top = cell.top + Math.floor((cellSide - down) / 2)
  drawPlanes(canvas, planes, left, top)
  const scale = [across / width, down / height] as const
  const x = (value: number) => Math.round(value * scale[0])
  const y = (value: number) => Math.round(value * scale[1])
  const [x0, x1] = [x(crop.left), x(crop.left + crop.width)]
  const [y0, y1] = [y(crop.top), y(crop.top + crop.height)]
  const shade = (box: readonly [number, number, number, number]) => {
    const [l, t, r, b] = box
    fillBox(canvas, { left: left + l, top: top + t, width: r - l, height: b - t }, dark, 0.68)
  }
  shade([0, 0, across, y0])
  shade([0, y1, across, down])
  shade([0, y0, x0, y1])
  shade([x1, y0, across, y1])
  if (x1 - x0 === across && y1 - y0 === down) return
  const frame = { left: left + x0, top: top + y0, width: x1 - x0, height: y1 - y0 }
  drawFrame(canvas, frame, 3, dark)
  drawFrame(canvas, frame, 2, white)
}

function drawCross(canvas: Canvas, { left, top }: { left: number; top: number }): void {
  const inset = 52
  for (let i = inset; i < cellSide - inset; i++) {
    for (const x of [i, cellSide - 1 - i]) {
      fillBox(canvas, { left: left + x - 2, top: top + i, width: 5, height: 2 }, [0.6, 0.6, 0.6])
    }
  }
}

function drawChip(
  canvas: Canvas,
  kind: FindingKind,
  severity: Severity,
  { left, top }: { readonly left: number; readonly top: number },
): void {
  const box = { left, top, width: chip.width, height: chip.height }
  fillBox(canvas, box, severityColours[severity])
  const { code } = findingKinds[kind]
  drawText(canvas, code, { left: left + 4, top: top + 3, scale: 2, colour: white })
}

interface LegendEntry {
  readonly kind: FindingKind
  readonly severity: Severity
  readonly text: string
}

function legendEntries({ findings, counts }: DoctorReport): LegendEntry[] {
  return (Object.keys(findingKinds) as FindingKind[]).flatMap((kind) => {
    const own = findings.filter((found) => found.kind === kind)
    if (own.length === 0) return []
    const pictures = new Set(own.flatMap(({ paths }) => paths)).size
    const share = pictures === counts.pictures && pictures > 1 ? 'all' : `${pictures}`
    const text = findingKinds[kind].title + (pictures > 0 ? ` (${share})` : '')
    return [{ kind, severity: own[0]!.severity, text }]
  })
}

function drawLegend(
  canvas: Canvas,
  entries: readonly LegendEntry[],
  { top, columns }: { readonly top: number; readonly columns: number },
): void {
  const rule = { left: margin, top: top + 4, width: canvas.width - 2 * margin, height: 2 }
  fillBox(canvas, rule, [0.82, 0.82, 0.8])
  const line = 'framed: what is trained on; shaded: what is cut off'
  drawText(canvas, line, { left: margin, top: top + 20, scale: 2, colour: faint })
  for (const [index, { kind, severity, text }] of entries.entries()) {
    const left = margin + (index % columns) * legendWidth
    const y = top + 52 + Math.floor(index / columns) * 28
    drawChip(canvas, kind, severity, { left, top: y })
    drawText(canvas, text, { left: left + chip.width + 10, top: y + 3, scale: 2, colour: ink })
  }
}

/** The name without its folders, its middle left out where it is too long for a cell. */
function shortName(path: string): string {
  const letters = [...path.slice(path.lastIndexOf('/') + 1)]
  if (letters.length <= lettersPerCell) return letters.join('')
  const tail = 6
  const head = lettersPerCell - tail - 2
  return `${letters.slice(0, head).join('')}..${letters.slice(-tail).join('')}`
}
