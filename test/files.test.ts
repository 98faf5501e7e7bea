import {
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DeviceError, FormatError, WorkflowError } from '../engine/errors.ts'
import { nearestNames, safeName } from '../engine/files/names.ts'
import { openFiles, openSafetensors, openSharded } from '../engine/files.ts'
import { encodeSafetensors, writeHeader } from '../engine/formats/safetensors.ts'
import { seeded } from './support/seeded.ts'
import { readOnlyDisk, smallDisk, temporaryFolder } from './support/temporary.ts'

const tensor = (value: number) => ({
  dtype: 'U8' as const,
  shape: [2],
  bytes: Uint8Array.of(value, value),
})
const weights = (...names: string[]) => encodeSafetensors(names.map((name, i) => [name, tensor(i)]))

function filesIn(content: Record<string, Uint8Array | string>, models = ['models']) {
  const root = temporaryFolder(content)
  const folders = {
    models: models.map((folder) => join(root, folder)),
    input: join(root, 'input'),
    output: join(root, 'output'),
  }
  return { root, files: openFiles(folders) }
}

describe('names of files', () => {
  it.each([
    'style.safetensors',
    'a/b/c.png',
    'ink v1.5 (final).safetensors',
    '墨.safetensors',
    '..a/b..',
    'ratio 1:2.png',
  ])('may be any path inside the folder: %s', (name) => expect(safeName('loras', name)).toBe(name))

  it('may be written with the separators of Windows', () => {
    expect(safeName('loras', 'a\\b.safetensors')).toBe('a/b.safetensors')
  })

  it.each([
    '',
    '.',
    '..',
    '/etc/passwd',
    '../a',
    'a/../b',
    'a/..',
    'a/./b',
    'a//b',
    'a/',
    '..\\a',
    '\\\\server\\a',
    'C:\\a',
    'c:a',
    'a\0.png',
    'a\nb',
    '.. /a',
    'a/.../b',
    'x'.repeat(1001),
  ])('never lead out of it, on any system: %j', (name) =>
    expect(() => safeName('loras', name)).toThrow(
      /^loras: name is ".*", a path inside the folder expected$/,
    ))

  it('are checked at every door', async () => {
    const { files } = filesIn({
      'secret.safetensors': weights('a'),
      'models/loras/x': '',
      'input/x': '',
    })
    const refused = [
      files.resolve('loras', '../../secret.safetensors'),
      files.fingerprint('loras', '../../secret.safetensors'),
      files.header('loras', '../../secret.safetensors'),
      files.weights('loras', '../../secret.safetensors'),
      files.picture('../secret.safetensors'),
      files.save('../secret.safetensors', new Uint8Array()),
    ]
    for (const one of refused)
      await expect(one).rejects.toThrow(/a path inside the folder expected/)
  })

  it('that are near are offered, the nearest first', () => {
    const names = ['ink-style.safetensors', 'sub/Ink-Stile.safetensors', 'photo.safetensors']
    expect(nearestNames('ink-stile.safetensors', names)).toEqual([names[1], names[0]])
    expect(nearestNames('zzz', names)).toEqual([])
  })
})

describe('files by kind', () => {
  const content = {
    'models/checkpoints/base.safetensors': weights('a'),
    'models/checkpoints/sd/other.safetensors': weights('a'),
    'models/checkpoints/notes.txt': '',
    'models/checkpoints/.hidden.safetensors': '',
    'models/loras/ink.safetensors': weights('b'),
    'models/Lora/webui.safetensors': weights('c'),
    'demo/demo.safetensors': weights('d'),
    'demo/loras-like.safetensors': weights('e'),
    'input/cat.PNG': 'png',
    'input/deep/dog.jpg': 'jpg',
  }

  it('are listed from the folders of their kind and from plain folders', async () => {
    const { files } = filesIn(content, ['models', 'demo', 'absent'])
    const plain = ['demo.safetensors', 'loras-like.safetensors']
    expect(await files.names('checkpoints')).toEqual([
      'base.safetensors',
      ...plain,
      'sd/other.safetensors',
    ])
    expect(await files.names('loras')).toEqual([
      'demo.safetensors',
      'ink.safetensors',
      'loras-like.safetensors',
      'webui.safetensors',
    ])
    expect(await files.names('embeddings')).toEqual(plain)
    expect(await files.names('input')).toEqual(['cat.PNG', 'deep/dog.jpg'])
    expect(await files.names('output')).toEqual([])
  })

  it('are found where they are listed, in every kind', async () => {
    const { files } = filesIn(content, ['models', 'demo'])
    for (const kind of ['checkpoints', 'loras', 'vae', 'embeddings', 'input']) {
      for (const name of await files.names(kind)) {
        expect(await files.resolve(kind, name)).toMatch(new RegExp(`${name}$`))
      }
    }
  })

  it('are taken from the first models folder that has them', async () => {
    const { root, files } = filesIn(
      {
        'one/ink.safetensors': weights('plain'),
        'two/loras/ink.safetensors': weights('two'),
        'one/loras/ink.safetensors': weights('kind'),
      },
      ['one', 'two'],
    )
    expect(await files.resolve('loras', 'ink.safetensors')).toBe(
      join(root, 'one/loras/ink.safetensors'),
    )
  })

  it('do not reach into the folder of another kind', async () => {
    const { files } = filesIn(content)
    await expect(files.resolve('checkpoints', 'loras/ink.safetensors')).rejects.toThrow(
      WorkflowError,
    )
  })

  it('that are absent are asked for with the nearest names', async () => {
    const { root, files } = filesIn({
      'models/loras/ink-style.safetensors': '',
      'models/loras/photo.safetensors': '',
    })
    await expect(files.resolve('loras', 'ink-stlye.safetensors')).rejects.toThrow(
      new WorkflowError(
        `loras: no file "ink-stlye.safetensors", expected one of the 2 in ${root}/models; did you mean ink-style.safetensors`,
      ),
    )
    await expect(files.picture('cat.png')).rejects.toThrow(
      new WorkflowError(`input: no file "cat.png", expected one of the 0 in ${root}/input`),
    )
  })

  it('of an unknown kind are an error of the workflow', async () => {
    const { files } = filesIn({})
    await expect(files.names('toString')).rejects.toThrow(
      'files: kind is "toString", expected one of checkpoints, loras, vae, embeddings, input, output',
    )
  })

  it('may lie behind links that their owner placed', async () => {
    const elsewhere = temporaryFolder({ 'sdxl/big.safetensors': weights('a') })
    const { root, files } = filesIn({ 'models/loras/own.safetensors': '' })
    symlinkSync(elsewhere, join(root, 'models/loras/linked'))
    symlinkSync(root, join(root, 'models/loras/circle'))
    symlinkSync(join(root, 'nowhere'), join(root, 'models/loras/dead.safetensors'))
    const names = await files.names('loras')
    expect(names).toContain('linked/sdxl/big.safetensors')
    expect(names).not.toContain('dead.safetensors')
    const file = await files.weights('loras', 'linked/sdxl/big.safetensors')
    expect([...file.header.tensors.keys()]).toEqual(['a'])
    await file.close()
  })

  it('have a fingerprint that changes with size and time', async () => {
    const { root, files } = filesIn({ 'models/loras/a.safetensors': 'one' })
    const path = join(root, 'models/loras/a.safetensors')
    const first = await files.fingerprint('loras', 'a.safetensors')
    expect(await files.fingerprint('loras', 'a.safetensors')).toBe(first)
    utimesSync(path, 1000, 1000)
    const second = await files.fingerprint('loras', 'a.safetensors')
    writeFileSync(path, 'longer')
    utimesSync(path, 1000, 1000)
    const third = await files.fingerprint('loras', 'a.safetensors')
    expect(new Set([first, second, third]).size).toBe(3)
    expect(await files.fingerprint('loras', 'b.safetensors')).toBeUndefined()
  })

  it('give the bytes of a picture, and no folder', async () => {
    const { files } = filesIn(content)
    expect(String(await files.picture('cat.PNG'))).toBe(String(Buffer.from('png')))
    await expect(files.picture('deep')).rejects.toThrow(
      new FormatError('deep: this is a folder, a picture expected'),
    )
  })

  it('above the limit are not read as pictures', async () => {
    const { root, files } = filesIn(content)
    truncateSync(join(root, 'input/cat.PNG'), 2 ** 28 + 1)
    await expect(files.picture('cat.PNG')).rejects.toThrow(
      'cat.PNG: file has 268435457 bytes, at most 268435456 can be read',
    )
  })
})

describe('a file of weights', () => {
  it('is read tensor by tensor', async () => {
    const { files } = filesIn({ 'models/loras/ink.safetensors': weights('a', 'b', 'c') })
    const file = await files.weights('loras', 'ink.safetensors')
    expect([...(await file.read('c'))]).toEqual([2, 2])
    expect([...(await file.read('a'))]).toEqual([0, 0])
    await expect(file.read('d')).rejects.toThrow(
      'ink.safetensors: tensor d is absent, expected here',
    )
    await file.close()
  })

  it('of many gigabytes opens from its header, and gives its last tensor', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'big.safetensors')
    const header = writeHeader([
      { name: 'big', dtype: 'F32', shape: [2 ** 31] },
      { name: 'last', dtype: 'U8', shape: [2] },
    ])
    writeFileSync(path, header)
    truncateSync(path, header.length + 2 ** 33 + 2)
    const file = await openSafetensors(path)
    expect(file.header.tensors.get('big')).toMatchObject({ end: header.length + 2 ** 33 })
    expect([...(await file.read('last'))]).toEqual([0, 0])
    await file.close()
  })

  it('that is broken is named as the workflow names it', async () => {
    const { files } = filesIn({ 'models/loras/sub/ink.safetensors': weights('a').subarray(0, -1) })
    const message = /^sub\/ink\.safetensors: file has \d+ bytes, \d+ expected; it may be cut off/
    await expect(files.weights('loras', 'sub/ink.safetensors')).rejects.toThrow(message)
    await expect(files.header('loras', 'sub/ink.safetensors')).rejects.toThrow(message)
  })

  it('that shrinks while it is open is an error, not zeros', async () => {
    const { root, files } = filesIn({ 'models/loras/ink.safetensors': weights('a', 'b') })
    const file = await files.weights('loras', 'ink.safetensors')
    const size = file.header.tensors.get('b')!.end
    truncateSync(join(root, 'models/loras/ink.safetensors'), size - 1)
    await expect(file.read('b')).rejects.toThrow(
      `ink.safetensors: file ends at byte ${size - 1}, ${size} expected; it has changed since it was opened`,
    )
    await file.close()
  })
})

describe('a model in several files', () => {
  const index = (map: Record<string, string>) => JSON.stringify({ weight_map: map })
  const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']
  const sharded = (prefix = '') => ({
    [`${prefix}config.json`]: '{"_class_name":"UNet2DConditionModel"}',
    [`${prefix}model.safetensors.index.json`]: index({ a: first, b: second }),
    [`${prefix}${first}`]: weights('a'),
    [`${prefix}${second}`]: weights('b'),
  })
  const diffusers = {
    'models/checkpoints/sd/model_index.json': '{}',
    ...sharded('models/checkpoints/sd/unet/'),
    'models/checkpoints/sd/vae/config.json': '{}',
    'models/checkpoints/sd/vae/diffusion_pytorch_model.fp16.safetensors': weights('half'),
    'models/checkpoints/sd/vae/diffusion_pytorch_model.safetensors': weights('whole'),
    'models/checkpoints/sd/text_encoder/model.fp16.safetensors': weights('c'),
    'models/checkpoints/sd/text_encoder/model.non_ema.safetensors': weights('d'),
  }

  it('is one name', async () => {
    const { files } = filesIn(diffusers)
    expect(await files.names('checkpoints')).toEqual(['sd'])
  })

  it('gives the headers of its networks, the plain variant before others', async () => {
    const { files } = filesIn(diffusers)
    const source = await files.header('checkpoints', 'sd')
    if (source.layout !== 'diffusers') throw new Error(source.layout)
    const found = Object.entries(source.parts).map(([network, part]) => [
      network,
      part.files.map(({ name }) => name),
      part.files.flatMap(({ header }) => [...header.tensors.keys()]),
    ])
    expect(found).toEqual([
      ['unet', [`sd/unet/${first}`, `sd/unet/${second}`], ['a', 'b']],
      ['textEncoder', ['sd/text_encoder/model.fp16.safetensors'], ['c']],
      ['vae', ['sd/vae/diffusion_pytorch_model.safetensors'], ['whole']],
    ])
    expect(source.parts.unet?.config).toEqual({ _class_name: 'UNet2DConditionModel' })
  })

  it('may be one network, known by its config', async () => {
    const { files } = filesIn(sharded('models/checkpoints/unet-only/'))
    expect(await files.names('checkpoints')).toEqual(['unet-only'])
    const source = await files.header('checkpoints', 'unet-only')
    expect(source.layout === 'diffusers' && Object.keys(source.parts)).toEqual(['unet'])
  })

  it('has a fingerprint that changes with any of its files', async () => {
    const { root, files } = filesIn(diffusers)
    const before = await files.fingerprint('checkpoints', 'sd')
    expect(await files.fingerprint('checkpoints', 'sd')).toBe(before)
    utimesSync(join(root, 'models/checkpoints/sd/unet', second), 1000, 1000)
    expect(await files.fingerprint('checkpoints', 'sd')).not.toBe(before)
  })

  it.each([
    [
      'a file that is absent',
      { [second]: undefined },
      /^x\/model\.safetensors\.index\.json: model-00002-of-00002\.safetensors is absent, expected with 1 tensors$/,
    ],
    [
      'a tensor that is absent',
      { [second]: weights('c') },
      /^x\/model-00002-of-00002\.safetensors: tensor b is absent, expected by model\.safetensors\.index\.json$/,
    ],
    [
      'a tensor in two files',
      { [second]: weights('a', 'b') },
      /^x\/model-00002-of-00002\.safetensors: tensor a is in another file too, once expected$/,
    ],
    [
      'a config that is no JSON',
      { 'config.json': '{' },
      /^x\/config\.json is not JSON, an object expected/,
    ],
  ])('is refused with %s', async (_, change, message) => {
    const content = Object.entries({ ...sharded(), ...change }).filter(
      ([, bytes]) => bytes !== undefined,
    )
    const folder = temporaryFolder(Object.fromEntries(content) as Record<string, string>)
    await expect(openSharded(folder, 'x')).rejects.toThrow(message)
    await expect(openSharded(folder, 'x')).rejects.toThrow(FormatError)
  })

  it('is refused where no weights are', async () => {
    const folder = temporaryFolder({ 'a.txt': '' })
    await expect(openSharded(folder, 'x')).rejects.toThrow(
      'x: 1 files, none of them .safetensors, one expected',
    )
  })
})

describe('saving', () => {
  const png = Uint8Array.of(1, 2, 3)

  it('numbers files and never replaces one', async () => {
    const { root, files } = filesIn({
      'output/cat_00007_.png': 'kept',
      'output/cat_2_.png': '',
      'output/cats_00009_.png': '',
    })
    expect(await files.save('cat.png', png)).toEqual({
      name: 'cat_00008_.png',
      path: join(root, 'output/cat_00008_.png'),
    })
    expect((await files.save('sub/dir/cat.png', png)).name).toBe('sub/dir/cat_00001_.png')
    expect((await files.save('plain', png)).name).toBe('plain_00001_')
    expect(readFileSync(join(root, 'output/cat_00007_.png'), 'utf8')).toBe('kept')
    expect([...readFileSync(join(root, 'output/cat_00008_.png'))]).toEqual([1, 2, 3])
  })

  it('gives every one of many at the same time its own number', async () => {
    const { root, files } = filesIn({})
    const saved = await Promise.all(
      Array.from({ length: 20 }, (_, i) => files.save('cat.png', Uint8Array.of(i))),
    )
    expect(new Set(saved.map(({ name }) => name)).size).toBe(20)
    for (const [i, { path }] of saved.entries()) expect([...readFileSync(path)]).toEqual([i])
    expect(readdirSync(join(root, 'output'))).toHaveLength(20)
  })

  it('takes a large file in pieces', async () => {
    const { files } = filesIn({})
    const pieces = Array.from({ length: 50 }, (_, i) => seeded(i).bytes(1000))
    const { path } = await files.save('lora.safetensors', pieces)
    expect(readFileSync(path).equals(Buffer.concat(pieces))).toBe(true)
  })

  it('leaves nothing behind when its pieces fail', async () => {
    const { root, files } = filesIn({})
    const failing = function* () {
      yield png
      throw new FormatError('no more')
    }
    await expect(files.save('a/b/cat.png', failing())).rejects.toThrow(new FormatError('no more'))
    expect(readdirSync(root)).toEqual([])
  })

  it('says so in plain words when the disk is full, and leaves nothing behind', async (context) => {
    const disk = smallDisk(65536)
    if (!disk) return context.skip('no disk can be mounted here')
    const files = openFiles({ models: [], input: disk, output: disk })
    await files.save('cat.png', new Uint8Array(10_000))
    const failed = files.save('sub/cat.png', new Uint8Array(100_000))
    await expect(failed).rejects.toThrow(
      new DeviceError(
        `${disk}/sub: 100000 bytes do not fit, the disk is full; free some space or choose another folder`,
      ),
    )
    expect(readdirSync(disk)).toEqual(['cat_00001_.png'])
    expect((await files.save('cat.png', png)).name).toBe('cat_00002_.png')
  })

  it('says so in plain words when the folder cannot be written to', async (context) => {
    const disk = readOnlyDisk()
    if (!disk) return context.skip('no disk can be mounted here')
    const files = openFiles({ models: [], input: disk, output: disk })
    await expect(files.save('cat.png', png)).rejects.toThrow(
      /^.+: 0 bytes cannot be written here \(EROFS.+\), a writable folder expected$/,
    )
  })

  it('says so in plain words when a file stands where the folder should', async () => {
    const { files } = filesIn({ output: 'a file' })
    await expect(files.save('cat.png', png)).rejects.toThrow(DeviceError)
    await expect(files.save('sub/cat.png', png)).rejects.toThrow(DeviceError)
  })
})
