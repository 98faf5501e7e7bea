/**
 * Families of models: what their files do not say. A new family of a known network is an entry
 * here and a tiny checkpoint in the tests.
 */

export type Prediction = 'epsilon' | 'v' | 'sample'

export interface Family {
  readonly id: string
  readonly title: string
  /** Width of the text features that the U-Net takes: how a file is recognised. */
  readonly contextSize: number
  /** False for families that are recognised only in order to refuse them by name. */
  readonly supported: boolean
  readonly prediction: Prediction
  /** Latents are the VAE's means times this. */
  readonly latentScale: number
  /** What a latent channel adds to red, green and blue (0 to 1), for previews without the VAE. */
  readonly previewFactors: readonly (readonly [number, number, number])[]
  /** Pictures of this side were in the training set. */
  readonly nativeSize: number
  readonly unet: { readonly heads: number; readonly normGroups: number }
  readonly textEncoder: {
    /** Width of one head; real text encoders have 64. */
    readonly headSize: number
    readonly activation: 'quick-gelu' | 'gelu'
  }
  readonly vae: { readonly normGroups: number }
  /** Numbering of blocks in single-file checkpoints. */
  readonly structure: { readonly layersPerBlock: number; readonly attention: readonly boolean[] }
}

const sd15 = {
  id: 'sd15',
  title: 'Stable Diffusion 1.x',
  contextSize: 768,
  supported: true,
  prediction: 'epsilon',
  latentScale: 0.18215,
  // A linear fit of the decoder, as it is common knowledge among the tools of the field.
  previewFactors: [
    [0.298, 0.207, 0.208],
    [0.187, 0.286, 0.173],
    [-0.158, 0.189, 0.264],
    [-0.184, -0.271, -0.473],
  ],
  nativeSize: 512,
  unet: { heads: 8, normGroups: 32 },
  textEncoder: { headSize: 64, activation: 'quick-gelu' },
  vae: { normGroups: 32 },
  structure: { layersPerBlock: 2, attention: [true, true, true, false] },
} as const satisfies Family

export const families: readonly Family[] = [
  sd15,
  {
    ...sd15,
    id: 'sd2',
    title: 'Stable Diffusion 2.x',
    contextSize: 1024,
    supported: false,
    textEncoder: { headSize: 64, activation: 'gelu' },
  },
  {
    ...sd15,
    id: 'sdxl',
    title: 'Stable Diffusion XL',
    contextSize: 2048,
    supported: false,
    latentScale: 0.13025,
    nativeSize: 1024,
    structure: { layersPerBlock: 2, attention: [false, true, true] },
  },
]

/** The family with this id, or undefined. */
export function familyById(id: string): Family | undefined {
  return families.find((family) => family.id === id)
}

/** Titles of the families that run, for messages. */
export function supportedTitles(): string {
  return families
    .filter((family) => family.supported)
    .map((family) => family.title)
    .join(', ')
}
