/**
 * Where things may stand, in pixels of a picture of 128 x 128. Everything large lies on the grid of
 * the latent, so that an object makes one and the same pattern of latent cells wherever it stands.
 */
export interface Layout {
  /** Middles of the objects. */
  readonly columns: { readonly left: number; readonly middle: number; readonly right: number }
  /** Lowest row of what stands on the ground, and rows for what flies. */
  readonly ground: number
  readonly air: readonly number[]
  readonly horizons: readonly number[]
  /** The sun or the moon high in the sky: left or right, and its rows. */
  readonly sunSides: { readonly left: number; readonly right: number }
  readonly sunRows: readonly number[]
  /** Steps of what is small: clouds, stars, waves. */
  readonly cell: number
}

/** Half the width and half the height of an object. */
export const objectSize = 32

/** Side of a picture. */
export const pictureSize = 128

const columns = { left: 32, middle: 64, right: 96 }

/** Steps of 8 pixels: pictures of full size. */
export const fullLayout: Layout = {
  columns,
  ground: 112,
  air: [72, 80],
  horizons: [80, 88],
  sunSides: { left: 24, right: 104 },
  sunRows: [16, 24],
  cell: 8,
}

/** Steps of 16 pixels: on the grid still when a picture is halved. */
export const halfLayout: Layout = {
  columns,
  ground: 112,
  air: [80],
  horizons: [80],
  sunSides: { left: 16, right: 112 },
  sunRows: [16],
  cell: 16,
}
