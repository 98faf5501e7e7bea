/** The little of linear algebra that LoRA algorithms need. Row-major, float32, sums in float64. */
export interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly data: Float32Array
}

/** `left` [rows, rank] times `right` [rank, columns], not multiplied out. */
export interface Product {
  readonly left: Matrix
  readonly right: Matrix
}

/** The product, multiplied out. The inner sizes must agree. */
export function multiply({ left, right }: Product): Matrix {
  const { rows, columns: rank } = left
  const { columns } = right
  const data = new Float32Array(rows * columns)
  const sums = new Float64Array(columns)
  for (let row = 0; row < rows; row++) {
    sums.fill(0)
    const factors = left.data.subarray(row * rank, (row + 1) * rank)
    let k = 0
    for (; k + 4 <= rank; k += 4) addFourRows(sums, factors, right.data, k)
    for (; k < rank; k++) addRow(sums, factors, right.data, k)
    data.set(sums, row * columns)
  }
  return { rows, columns, data }
}

/** Adds `factors[k]` times row k of a matrix. */
function addRow(sums: Float64Array, factors: Float32Array, rows: Float32Array, k: number): void {
  const factor = factors[k]!
  if (factor === 0) return
  const start = k * sums.length
  for (let i = 0; i < sums.length; i++) sums[i]! += factor * rows[start + i]!
}

/** Four rows from k on: the sums are read and written once, which takes half as long. */
function addFourRows(
  sums: Float64Array,
  factors: Float32Array,
  rows: Float32Array,
  k: number,
): void {
  const a = factors[k]!
  const b = factors[k + 1]!
  const c = factors[k + 2]!
  const d = factors[k + 3]!
  if (a === 0 && b === 0 && c === 0 && d === 0) return
  const { length } = sums
  const start = k * length
  for (let i = 0; i < length; i++) {
    const at = start + i
    sums[i]! +=
      a * rows[at]! +
      b * rows[at + length]! +
      c * rows[at + 2 * length]! +
      d * rows[at + 3 * length]!
  }
}

/** A dense matrix as a product with an identity on its shorter side: exact. */
export function factored(matrix: Matrix): Product {
  return matrix.rows <= matrix.columns
    ? { left: identity(matrix.rows), right: matrix }
    : { left: matrix, right: identity(matrix.columns) }
}

/** The same product with a rank no larger than its sides. */
export function compact(product: Product): Product {
  const rank = product.left.columns
  return rank > Math.min(product.left.rows, product.right.columns)
    ? factored(multiply(product))
    : product
}

/** Kronecker product of two products: `kron(A, C)` times `kron(B, D)` for `A B` and `C D`. */
export function kroneckerProduct(a: Product, b: Product): Product {
  return { left: kronecker(a.left, b.left), right: kronecker(a.right, b.right) }
}

/**
 * Elementwise product of two products of rank r and s, with rank r * s: the factors are the
 * row-wise and column-wise Khatri-Rao products. Where r * s exceeds the sides it is multiplied out.
 */
export function hadamardProduct(a: Product, b: Product): Product {
  if (a.left.columns * b.left.columns > hadamardRank(a, b)) {
    return factored(hadamard(multiply(a), multiply(b)))
  }
  return {
    left: transposed(khatriRao(transposed(a.left), transposed(b.left))),
    right: khatriRao(a.right, b.right),
  }
}

/** The rank of `hadamardProduct`. */
export function hadamardRank(a: Product, b: Product): number {
  return Math.min(a.left.columns * b.left.columns, a.left.rows, a.right.columns)
}

/** Each element times `factor`; the same matrix for factor 1. */
export function scaled(matrix: Matrix, factor: number): Matrix {
  return factor === 1 ? matrix : { ...matrix, data: multiples(matrix.data, factor) }
}

/** Each number times `factor`. A plain loop: `map` takes several times as long. */
export function multiples(data: Float32Array, factor: number): Float32Array {
  const result = new Float32Array(data.length)
  for (let i = 0; i < data.length; i++) result[i] = data[i]! * factor
  return result
}

/** Rows become columns. */
export function transposed(matrix: Matrix): Matrix {
  const data = new Float32Array(matrix.data.length)
  writeTransposed(matrix, data, { start: 0, stride: matrix.rows })
  return { rows: matrix.columns, columns: matrix.rows, data }
}

/**
 * Writes column c of a matrix to `target` from `start + c * stride` on. In tiles, because a
 * column of a large matrix touches a different cache line in every row.
 */
export function writeTransposed(
  { rows, columns, data }: Matrix,
  target: Float32Array,
  { start, stride }: { start: number; stride: number },
): void {
  for (let top = 0; top < rows; top += tile) {
    const bottom = Math.min(top + tile, rows)
    for (let left = 0; left < columns; left += tile) {
      const right = Math.min(left + tile, columns)
      for (let column = left; column < right; column++) {
        const to = start + column * stride
        for (let row = top; row < bottom; row++) target[to + row] = data[row * columns + column]!
      }
    }
  }
}

/** Two tiles of float32 fit into the first-level cache of any processor. */
const tile = 32

function identity(size: number): Matrix {
  const data = new Float32Array(size * size)
  for (let i = 0; i < size; i++) data[i * size + i] = 1
  return { rows: size, columns: size, data }
}

/** Elementwise product. */
export function hadamard(a: Matrix, b: Matrix): Matrix {
  const data = new Float32Array(a.data.length)
  for (let i = 0; i < data.length; i++) data[i] = a.data[i]! * b.data[i]!
  return { ...a, data }
}

/** Kronecker product. */
export function kronecker(a: Matrix, b: Matrix): Matrix {
  const rows = a.rows * b.rows
  const columns = a.columns * b.columns
  const data = new Float32Array(rows * columns)
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.columns; j++) {
      const factor = a.data[i * a.columns + j]!
      if (factor === 0) continue
      for (let k = 0; k < b.rows; k++) {
        const start = (i * b.rows + k) * columns + j * b.columns
        for (let l = 0; l < b.columns; l++) data[start + l] = factor * b.data[k * b.columns + l]!
      }
    }
  }
  return { rows, columns, data }
}

/** Row `p * b.rows + q` is row p of a times row q of b, elementwise. */
function khatriRao(a: Matrix, b: Matrix): Matrix {
  const { columns } = a
  const data = new Float32Array(a.rows * b.rows * columns)
  for (let p = 0; p < a.rows; p++) {
    for (let q = 0; q < b.rows; q++) {
      const start = (p * b.rows + q) * columns
      for (let column = 0; column < columns; column++) {
        data[start + column] = a.data[p * columns + column]! * b.data[q * columns + column]!
      }
    }
  }
  return { rows: a.rows * b.rows, columns, data }
}
