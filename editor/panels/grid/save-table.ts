import type { Axis } from './store.ts'

const side = 256
const edge = 120
const head = 32

/** Draws the table with its labels and gives it as a PNG file. */
export async function drawTable(
  across: Axis,
  down: Axis | undefined,
  addresses: readonly (string | undefined)[],
): Promise<Blob> {
  const rows = down?.values.length ?? 1
  const left = down ? edge : 0
  const canvas = new OffscreenCanvas(left + across.values.length * side, head + rows * side)
  const context = canvas.getContext('2d')
  if (!context) throw new Error('canvas: no context, expected one to draw the table')
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.fillStyle = '#111'
  context.font = '14px sans-serif'
  context.textBaseline = 'middle'
  across.values.forEach((value, column) => {
    context.fillText(String(value), left + column * side + 8, head / 2, side - 16)
  })
  down?.values.forEach((value, row) => {
    context.fillText(String(value), 8, head + row * side + side / 2, edge - 16)
  })
  for (const [index, address] of addresses.entries()) {
    if (address === undefined) continue
    const picture = await createImageBitmap(await (await fetch(address)).blob())
    const scale = Math.min(side / picture.width, side / picture.height)
    const [width, height] = [picture.width * scale, picture.height * scale]
    const x = left + (index % across.values.length) * side + (side - width) / 2
    const y = head + Math.floor(index / across.values.length) * side + (side - height) / 2
    context.drawImage(picture, x, y, width, height)
  }
  return await canvas.convertToBlob({ type: 'image/png' })
}
