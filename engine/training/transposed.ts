/** A matrix `[rows, columns]` as `[columns, rows]`, copied. */
export function transposedRows(data: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(data.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = data[row * columns + column]!
    }
  }
  return result
}
