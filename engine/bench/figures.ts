import { editorFigures } from './editor-figures.ts'
import { probeFigures } from './probe-figures.ts'
import { trainFigures } from './train-figures.ts'

/** The figures by name. A name keeps its meaning: figures of different days are compared. */
export const figures = {
  lora_overhead_1x16: {
    title: 'U-Net step with one LoRA of rank 16, over none',
    unit: 'ratio',
    needs: 'full',
  },
  lora_overhead_3x16: {
    title: 'U-Net step with three LoRAs of rank 16, over none',
    unit: 'ratio',
    needs: 'full',
    most: 1.15,
  },
  ratio_change_ms: {
    title: 'from a changed ratio to the start of the next step',
    unit: 'ms',
    needs: 'any',
    most: 50,
  },
  ratio_change_sessions: {
    title: 'programs loaded because a ratio changed',
    unit: 'sessions',
    needs: 'any',
    most: 0,
  },
  engine_ms_per_node: {
    title: 'check, plan and run of 1000 nodes of arithmetic, per node',
    unit: 'ms',
    needs: 'any',
  },
  check_2000_nodes_ms: { title: 'check of 2000 nodes', unit: 'ms', needs: 'any' },
  peak_rss_ratio: {
    title: 'most memory while sampling, over the U-Net weights in float32',
    unit: 'ratio',
    needs: 'full',
    most: 1.35,
  },
  tiny_seconds_to_picture: {
    title: 'start of a process to a picture of 128 x 128, 20 steps of the tiny model',
    unit: 's',
    needs: 'any',
    most: 5,
  },
  unet_step_ms: { title: 'guided U-Net step at 256 x 256', unit: 'ms', needs: 'full' },
  vae_decode_ms: { title: 'VAE decoding of 512 x 512', unit: 'ms', needs: 'full' },
  load_ms: {
    title: 'opening a 2 GB file to the end of the first step',
    unit: 'ms',
    needs: 'full',
    most: 8000,
  },
  versus_ratio: {
    title: "the other program's step, over ours",
    unit: 'ratio',
    needs: 'full',
    least: 1.5,
  },
  ...trainFigures,
  ...probeFigures,
  ...editorFigures,
} as const satisfies Record<string, FigureEntry>

/** One figure: what it says, and what it is held to. */
export interface FigureEntry {
  readonly title: string
  readonly unit: string
  /** Whether it means something only at the size of a real model. */
  readonly needs: 'full' | 'any'
  /** Of which part of the bench; of drawing where absent. */
  readonly part?: BenchPart
  readonly most?: number
  readonly least?: number
}

export type FigureName = keyof typeof figures
export const figureNames = Object.keys(figures) as readonly FigureName[]

/** Parts of the bench, which are measured apart. */
export const benchParts = ['draw', 'train', 'probe', 'editor'] as const
export type BenchPart = (typeof benchParts)[number]

/** The part that a figure belongs to. */
export function partOf(name: FigureName): BenchPart {
  const { part = 'draw' }: FigureEntry = figures[name]
  return part
}

/** One figure as it was measured. */
export interface Measured {
  readonly value: number
  /** What `value` is the median of, in the order in which it was measured. */
  readonly samples: readonly number[]
}

/** Is the figure within what is promised? Undefined where nothing is. */
export function holds(name: FigureName, value: number): boolean | undefined {
  const { most, least }: FigureEntry = figures[name]
  if (most === undefined && least === undefined) return undefined
  return value <= (most ?? Number.POSITIVE_INFINITY) && value >= (least ?? 0)
}

/** The bound in words. */
export function boundOf(name: FigureName): string {
  const { most, least }: FigureEntry = figures[name]
  if (most !== undefined) return `at most ${most}`
  return least === undefined ? '' : `at least ${least}`
}
