import { writeFileSync, appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'vitest'
import sharp from 'sharp'
import { openStudio, eventsOf, memoryCache } from '../support/studio.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { textToImage, loadModel } from '../support/tiny-workflows.ts'

const studio = openStudio()
const log = '/tmp/e2e/explore.txt'
writeFileSync(log, '')
const png = (w: number, h: number) => sharp({ create: { width: w, height: h, channels: 3, background: { r: 200, g: 30, b: 60 } } }).png().toBuffer()
it('explores', { timeout: 600000 }, async () => {
  const desk = temporaryFolder()
  mkdirSync(join(desk, 'input'))
  writeFileSync(join(desk, 'input/photo.png'), await png(64, 48))
  const w: any = textToImage([{ file: 'kohya_a.safetensors', ratio: 1 }])
  delete w.nodes.blend.inputs.textEncoder
  w.nodes.positive.inputs.textEncoder = w.nodes.negative.inputs.textEncoder = 'checkpoint.textEncoder'
  const go = async (t: string, w: any) => {
    writeFileSync(join(desk, 'w.json'), JSON.stringify(w))
    const r = await studio.mazeru(desk, 'run', 'w.json')
    appendFileSync(log, `## ${t} ${r.code}\n${r.stdout}${r.stderr}\n`)
  }
  await go('no text encoder', w)
  await go('resize', { version: 1, nodes: { p: { type: 'load-image', params: { file: 'photo.png' } }, r: { type: 'resize-image', params: { width: 32, height: 32 }, inputs: { image: 'p.image' } }, s: { type: 'save-image', inputs: { image: 'r.image' } } } })
  await go('resize none', { version: 1, nodes: { r: { type: 'resize-image' }, s: { type: 'save-image', inputs: { image: 'r.image' } } } })
  await go('crop', { version: 1, nodes: { p: { type: 'load-image', params: { file: 'photo.png' } }, r: { type: 'crop-image', params: { width: 32, height: 32 , left: 40}, inputs: { image: 'p.image', mask: 'p.mask' } }, s: { type: 'save-image', inputs: { image: 'r.image' } } } })
  await go('crop ok', { version: 1, nodes: { p: { type: 'load-image', params: { file: 'photo.png' } }, r: { type: 'crop-image', params: { width: 32, height: 32 , left: 32}, inputs: { image: 'p.image', mask: 'p.mask' } }, s: { type: 'save-image', params:{name:'a/'},inputs: { image: 'r.image' } } } })
  // live
  const l = textToImage([{ file: 'kohya_a.safetensors', ratio: 0.7 }, { file: 'locon_b.safetensors', ratio: 0.4 }], 5)
  const cache = await memoryCache(studio)
  const { run } = await studio.start(desk, l, { cache })
  for await (const e of run.events) {
    const { value, ...r } = e as any
    appendFileSync(log, JSON.stringify(r) + '\n')
    if (e.type === 'progress' && e.step === 2) appendFileSync(log, JSON.stringify(run.set('blend', 'ratio1', 0.1)) + '\n')
  }
})
