import { readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openSafetensors } from '../../../engine/files/weights.ts'
import {
  decodePictureBytes,
  readPictureHeader,
  thumbnailOf,
} from '../../../engine/formats/picture.ts'
import { addPngText } from '../../../engine/formats/png-text.ts'
import type { AssetKind } from '../../../engine/protocol/index.ts'
import { type LibraryOptions, openLibrary } from '../../../engine/server/library/index.ts'
import { loraModule, tinyBytes, withHeader, withShapes } from '../../support/bad-weights.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { rampPicture } from '../../support/tiny-pictures.ts'

const page = { order: 'name', offset: 0, limit: 100 } as const
const png = await rampPicture(40, 24)
const lora = loraWith({
  'modelspec.title': 'Neon nights',
  'modelspec.license': 'CC0-1.0',
  ss_output_name: 'neon',
  ss_sd_model_name: 'tiny.safetensors',
  ss_dataset_dirs: JSON.stringify({ cats: { n_repeats: 1, img_count: 10 } }),
  ss_tag_frequency: JSON.stringify({ cats: { 'neon style': 10, cat: 4 } }),
})

describe('the library', () => {
  it('tells of weights what their headers say', async () => {
    const { library } = open({
      'models/loras/neon.safetensors': lora,
      'models/loras/neon.png': png,
      'models/Lora/broken.safetensors': 'no weights',
      'models/checkpoints/tiny.safetensors': tinyBytes(),
      'models/probe.safetensors': withShapes({ x: [1] }),
    })
    const { total, assets } = await library.list('loras', page)
    expect(total).toBe(2)
    expect(assets[0]).toMatchObject({
      name: 'broken.safetensors',
      fault: expect.stringMatching('safetensors'),
    })
    expect(assets[1]).toMatchObject({
      ...{ name: 'neon.safetensors', family: 'sd15', title: 'Neon nights', licence: 'CC0-1.0' },
      ...{ triggers: ['neon style'], thumbnail: true, bytes: lora.length },
    })
    expect(await library.list('checkpoints', page)).toMatchObject({
      total: 1,
      assets: [{ name: 'tiny.safetensors', thumbnail: false }],
    })
    const detail = await library.detail('loras', 'neon.safetensors')
    expect(detail?.metadata.ss_output_name).toBe('neon')
    const small = (await library.thumbnail('loras', 'neon.safetensors'))!
    expect(await readPictureHeader('a.webp', small)).toMatchObject({ width: 40, height: 24 })
  })

  it('notices files that come and go, and says which kinds', async () => {
    const { library, folder } = open({ 'input/a.png': png })
    const told: AssetKind[] = []
    library.follow((kinds) => told.push(...kinds))
    expect(await library.list('input', page)).toMatchObject({
      assets: [{ name: 'a.png', width: 40, height: 24 }],
    })
    writeFileSync(join(folder, 'input/b.png'), png)
    await vi.waitFor(() => expect(told).toContain('input'), 5000)
    expect((await library.list('input', page)).total).toBe(2)
    rmSync(join(folder, 'input/a.png'))
    expect(await library.detail('input', 'a.png')).toBeUndefined()
  })

  it('keeps what was said of a file over a restart and a new name', async () => {
    const { library, folder, again } = open({ 'models/loras/neon.safetensors': lora })
    const said = { title: 'Mine', tags: ['city'], ratio: 0.7 }
    await library.change('loras', 'neon.safetensors', said)
    await library.close()
    renameSync(
      join(folder, 'models/loras/neon.safetensors'),
      join(folder, 'models/loras/b.safetensors'),
    )
    const other = again()
    expect(await other.list('loras', page)).toMatchObject({
      assets: [{ name: 'b.safetensors', ...said, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    })
    expect((await other.list('loras', { ...page, text: 'MINE city' })).total).toBe(1)
    expect((await other.list('loras', { ...page, tag: 'lake' })).total).toBe(0)
    const { sha256 } = (await other.detail('loras', 'b.safetensors'))!
    const wanted = { name: 'gone.safetensors', sha256: sha256! }
    expect(await other.resolve('loras', wanted)).toMatchObject([{ name: 'b.safetensors' }])
  })

  it('searches ten thousand pictures without looking at the disk again', async () => {
    const names = Array.from({ length: 10_000 }, (_, n) => [`output/set/${n}.png`, png] as const)
    const { library, folder } = open(Object.fromEntries(names))
    expect((await library.list('output', page)).total).toBe(10_000)
    const found = await library.list('output', { ...page, text: 'SET 99', limit: 5 })
    expect([found.total, found.assets.length]).toEqual([280, 5])
    // What was found once is not looked for again: the folder may be gone.
    rmSync(join(folder, 'output/set'), { recursive: true })
    const search = library.list('output', { ...page, text: 'set 42', limit: 0 })
    expect((await search).total).toBe(299)
  }, 30_000)

  it('takes uploads in whole, numbers taken names, and removes only what it may', async () => {
    const { library, folder } = open({ 'models/loras/own.safetensors': lora })
    const send = (kind: AssetKind, name: string, bytes: Uint8Array) =>
      library.upload(kind, name, Readable.from([bytes]), { maxBytes: 1e7 })
    expect(await send('input', 'sub/a.png', png)).toMatchObject({ name: 'sub/a.png', width: 40 })
    expect(await send('input', 'sub/a.png', png)).toMatchObject({ name: 'sub/a-2.png' })
    expect(await send('loras', 'up.safetensors', lora)).toMatchObject({ family: 'sd15' })
    expect(await library.remove('loras', 'up.safetensors')).toBe(true)
    await expect(library.remove('loras', 'own.safetensors')).rejects.toThrow('was not uploaded')
    expect(readdirSync(join(folder, 'models/loras'))).toEqual(['own.safetensors'])
    expect(await library.remove('input', 'sub/a.png')).toBe(true)
    expect(await library.remove('input', 'sub/a.png')).toBe(false)
  })

  it('leaves nothing of an upload that is cut, too large or not what it says', async () => {
    const { library, folder } = open({ 'input/keep.png': png })
    async function* cut() {
      yield png.subarray(0, 50)
      throw new Error('aborted')
    }
    const cases: [AssetKind, string, Readable, RegExp][] = [
      ['input', 'a.png', Readable.from(cut()), /a\.png: the upload ended after 50 bytes/],
      ['input', 'a.png', Readable.from([png, png]), /^a\.png: more than \d+ bytes/],
      ['input', 'a.png', Readable.from([Buffer.from('<html>')]), /a\.png: this is a web page/],
      ['input', 'a.png', Readable.from([png.subarray(0, 90)]), /^a\.png: /],
      ['input', 'a.svg', Readable.from([png]), /a\.svg: ends in "\.svg"/],
      ['loras', 'a.safetensors', Readable.from([png.subarray(0, 99)]), /^a\.safetensors: /],
    ]
    for (const [kind, name, body, message] of cases) {
      const maxBytes = png.length + 10
      const refused = library.upload(kind, name, body, { maxBytes })
      await expect(refused).rejects.toThrow(
        message.source.includes('more than') ? 'a.png: more than' : message,
      )
    }
    expect(readdirSync(join(folder, 'input'))).toEqual(['keep.png'])
    expect(readdirSync(join(folder, 'models'), { recursive: true })).toEqual(['loras'])
  })

  it.each([
    ...['../a.png', '/etc/passwd', 'C:\\a.png', 'a\0.png', '.hidden.png', 'link/a.png', 'out.png'],
  ])('does not leave its folders by the name %j', async (name) => {
    const outside = temporaryFolder({ 'a.png': png })
    const { library, folder } = open({ 'input/keep.png': png })
    symlinkSync(outside, join(folder, 'input/link'))
    symlinkSync(join(outside, 'a.png'), join(folder, 'input/out.png'))
    for (const act of [
      async () => library.path('input', name),
      async () => library.detail('input', name),
      async () => library.thumbnail('input', name),
      async () => library.remove('input', name),
      async () => library.workflowOf('input', name),
      async () => library.change('input', name, { title: 'x' }),
      async () => library.upload('input', name, Readable.from([png]), { maxBytes: 1e6 }),
    ]) {
      await expect(act()).rejects.toThrow(/input: name is|ends in/)
    }
    expect((await library.list('input', page)).assets.map((one) => one.name)).toEqual(['keep.png'])
    expect(readdirSync(outside)).toEqual(['a.png'])
  })

  it('walks from a picture to what it came from, and back', async () => {
    const nodes = {
      l: { type: 'load-lora', params: { file: 'neon.safetensors' } },
      m: { type: 'load-model', params: { file: 'tiny.safetensors' } },
    }
    const text = JSON.stringify({ version: 1, nodes })
    const picture = addPngText('a.png', png, [{ keyword: 'mazeru', text }])
    const runs = {
      runOfPicture: (file: string) =>
        file === 'a.png' ? { file, run: 'r1', node: 's', time: 5 } : undefined,
    }
    const files = {
      'output/a.png': picture,
      'output/training/neon/log.jsonl': '',
      'input/cats/1.png': png,
      'models/loras/neon.safetensors': lora,
      'models/checkpoints/tiny.safetensors': tinyBytes(),
    }
    const { library } = open(files, { runs })
    expect(await library.workflowOf('output', 'a.png')).toEqual({ version: 1, nodes })
    const { nodes: found, links } = await library.lineage('output:a.png')
    expect(found.map(({ id, kind }) => `${kind} ${id}`).sort()).toEqual([
      ...['checkpoint checkpoints:tiny.safetensors', 'dataset input:cats'],
      ...['lora loras:neon.safetensors', 'picture output:a.png', 'run run:r1'],
      'run training:neon',
    ])
    expect(links).toContainEqual({ from: 'loras:neon.safetensors', to: 'run:r1' })
    const back = await library.lineage('input:cats')
    expect(back.nodes.map(({ id }) => id)).toEqual([
      ...['input:cats', 'training:neon', 'loras:neon.safetensors', 'run:r1', 'output:a.png'],
    ])
  })
})

const workbench: LibraryOptions['workbench'] = {
  thumbnail: async (path, size) => thumbnailOf(basename(path), readFileSync(path), size),
  async inspect(kind, path) {
    if (kind === 'input') return decodePictureBytes(basename(path), readFileSync(path))
    await (await openSafetensors(path)).close()
    return {}
  },
}

function open(files: Record<string, Uint8Array | string>, options: Partial<LibraryOptions> = {}) {
  const all = { 'models/.keep': '', 'input/.keep': '', 'output/.keep': '', ...files }
  const folder = temporaryFolder(all)
  for (const kind of ['models', 'input', 'output']) rmSync(join(folder, kind, '.keep'))
  const data = temporaryFolder()
  const again = () => {
    const folders = {
      models: [join(folder, 'models')],
      ...{ input: join(folder, 'input'), output: join(folder, 'output') },
    }
    const library = openLibrary({ folders, data, workbench, ...options })
    onTestFinished(() => library.close())
    return library
  }
  return { library: again(), folder, again }
}

function loraWith(metadata: Record<string, string>): Uint8Array {
  const shapes = loraModule(
    'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k',
    768,
    320,
  )
  let end = 0
  const entries = Object.entries(shapes).map(([name, shape]) => {
    const begin = end
    end += 2 * shape.reduce((product, size) => product * size, 1)
    return [name, { dtype: 'F16', shape, data_offsets: [begin, end] }]
  })
  const header = { __metadata__: metadata, ...Object.fromEntries(entries) }
  return withHeader(JSON.stringify(header), end)
}
