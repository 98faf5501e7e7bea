import type { Part } from '../../engine/lora/naming.ts'

/** Every way in which a weight `[6, 4]` or `[6, 4, 3, 3]` is changed; rank 2. */
export interface WeightCase {
  title: string
  algorithm: 'lora' | 'loha' | 'lokr' | 'dora'
  shape: readonly number[]
  parts: Readonly<Partial<Record<Part, readonly number[]>>>
}

const linear = [6, 4]
const conv = [6, 4, 3, 3]
const low = { up: [6, 2], down: [2, 4] }
const lowConv = { up: [6, 2, 1, 1], down: [2, 4, 3, 3] }
const hada = { hada_w1_a: [6, 2], hada_w1_b: [2, 4], hada_w2_a: [6, 2], hada_w2_b: [2, 4] }

export const weightCases: readonly WeightCase[] = [
  {
    title: 'LoRA with a core',
    algorithm: 'lora',
    shape: conv,
    parts: { up: [6, 2, 1, 1], mid: [2, 2, 3, 3], down: [2, 4, 1, 1] },
  },
  { title: 'LoHa', algorithm: 'loha', shape: linear, parts: hada },
  {
    title: 'LoHa of a convolution',
    algorithm: 'loha',
    shape: conv,
    parts: { ...hada, hada_w1_b: [2, 36], hada_w2_b: [2, 36] },
  },
  {
    title: 'LoHa with cores',
    algorithm: 'loha',
    shape: conv,
    parts: {
      ...{ hada_t1: [2, 2, 3, 3], hada_w1_a: [2, 6], hada_w1_b: [2, 4] },
      ...{ hada_t2: [2, 2, 3, 3], hada_w2_a: [2, 6], hada_w2_b: [2, 4] },
    },
  },
  {
    title: 'LoKr of two whole matrices',
    algorithm: 'lokr',
    shape: linear,
    parts: { lokr_w1: [2, 2], lokr_w2: [3, 2] },
  },
  {
    title: 'LoKr with a factored large side',
    algorithm: 'lokr',
    shape: linear,
    parts: { lokr_w1: [2, 2], lokr_w2_a: [3, 2], lokr_w2_b: [2, 2] },
  },
  {
    title: 'LoKr with a factored small side',
    algorithm: 'lokr',
    shape: linear,
    parts: { lokr_w1_a: [2, 2], lokr_w1_b: [2, 2], lokr_w2: [3, 2] },
  },
  {
    title: 'LoKr with both sides factored',
    algorithm: 'lokr',
    shape: linear,
    parts: { lokr_w1_a: [2, 2], lokr_w1_b: [2, 2], lokr_w2_a: [3, 2], lokr_w2_b: [2, 2] },
  },
  {
    title: 'LoKr of a convolution, whole',
    algorithm: 'lokr',
    shape: conv,
    parts: { lokr_w1: [2, 2], lokr_w2: [3, 2, 3, 3] },
  },
  {
    title: 'LoKr of a convolution, factored',
    algorithm: 'lokr',
    shape: conv,
    parts: { lokr_w1: [2, 2], lokr_w2_a: [3, 2], lokr_w2_b: [2, 18] },
  },
  {
    title: 'LoKr of a convolution, with a core',
    algorithm: 'lokr',
    shape: conv,
    parts: { lokr_w1: [2, 2], lokr_w2_a: [2, 3], lokr_w2_b: [2, 2], lokr_t2: [2, 2, 3, 3] },
  },
  {
    title: 'DoRA by outputs',
    algorithm: 'dora',
    shape: linear,
    parts: { ...low, dora_scale: [6, 1] },
  },
  {
    title: 'DoRA by inputs',
    algorithm: 'dora',
    shape: linear,
    parts: { ...low, dora_scale: [1, 4] },
  },
  {
    title: 'DoRA as PEFT writes it',
    algorithm: 'dora',
    shape: linear,
    parts: { ...low, magnitude: [6] },
  },
  {
    title: 'DoRA of a convolution by outputs',
    algorithm: 'dora',
    shape: conv,
    parts: { ...lowConv, dora_scale: [6, 1, 1, 1] },
  },
  {
    title: 'DoRA of a convolution by inputs',
    algorithm: 'dora',
    shape: conv,
    parts: { ...lowConv, dora_scale: [1, 4, 1, 1] },
  },
  {
    title: 'DoRA round LoHa',
    algorithm: 'dora',
    shape: linear,
    parts: { ...hada, dora_scale: [6, 1] },
  },
  {
    title: 'DoRA round LoKr',
    algorithm: 'dora',
    shape: linear,
    parts: { lokr_w1: [2, 2], lokr_w2_a: [3, 2], lokr_w2_b: [2, 2], dora_scale: [1, 4] },
  },
]
