import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FormatError } from '../../engine/errors.ts'
import { importTraining } from '../../engine/training/import/import-training.ts'
import type { ImportFiles } from '../../engine/training/import/kohya-dataset.ts'
import { plainAliases, plainKeys } from '../../engine/training/import/plain-keys.ts'
import { reportText } from '../../engine/training/import/report.ts'
import { parseSettings } from '../../engine/training/settings/parse.ts'
import { trainSchema } from '../../engine/training/settings.ts'

const folder = join(import.meta.dirname, '../fixtures/training-configs')
const broken = join(folder, 'broken')

/** Files that a configuration names lie beside it; the folders of pictures are these. */
const pictures: Readonly<Record<string, readonly string[]>> = {
  img: ['10_shs cat', 'notes'],
  reg: ['1_cat'],
}
const files: ImportFiles = {
  text: async (name) => readFileSync(join(folder, name), 'utf8'),
  folders: async (name) => pictures[name.replace(/^\.\//, '')] ?? [],
}

const isConfig = (name: string) => /^[\w-]+\.(toml|yaml|json|sh)$/.test(name)
const names = readdirSync(folder).filter(isConfig)

async function imported(name: string, text = readFileSync(join(folder, name), 'utf8')) {
  return await importTraining({ name, text }, files)
}

async function refusal(name: string, text: string): Promise<string> {
  const thrown: unknown = await imported(name, text).catch((error: unknown) => error)
  if (!(thrown instanceof FormatError)) throw new Error(`${name} was not refused`)
  return thrown.message
}

describe('reading the configurations of other tools', () => {
  it.each(names)('gives the settings, the data and the report of %s', async (name) => {
    const { settings, datasets, model, report } = await imported(name)
    const lines = report.lines.map(({ from, outcome, to }) => [from, outcome, to ?? ''].join(' | '))
    const expected = JSON.parse(readFileSync(join(folder, `${name}.expected.json`), 'utf8'))
    expect({ settings, datasets, model, lines }).toEqual(expected)
    expect(parseSettings(trainSchema, settings).faults).toBeUndefined()
  })

  const messages: Record<string, string> = JSON.parse(
    readFileSync(join(folder, 'broken.expected.json'), 'utf8'),
  )

  it('has a message for every broken file', () => {
    expect(Object.keys(messages).sort()).toEqual(readdirSync(broken).sort())
  })

  it.each(Object.entries(messages))('refuses %s', async (name, message) => {
    expect(await refusal(name, readFileSync(join(broken, name), 'utf8'))).toBe(message)
  })

  it('says in the report what became of every key', async () => {
    const { report } = await imported('a.toml', 'network_dim = 8\nxformers = true\nv2 = true\n')
    expect(reportText(report).split('\n')).toEqual([
      'a.toml (sd-scripts): 1 mapped, 2 approximated, 1 refused',
      '',
      'mapped:',
      '  network_dim = 8 -> networkDim',
      '',
      'approximated:',
      '  xformers = true (attention is computed without keeping its weights wherever that is right)',
      '  seed left out -> seed = 0 (a seed is drawn there; here it is 0)',
      '',
      'refused:',
      '  v2 = true (SD 2.x cannot be trained yet)',
    ])
  })

  it('has nothing to refuse in what is switched off', async () => {
    const text = 'v2 = false\nweighted_captions = false\nresume = ""\nunet_lr = ""\nseed = 1\n'
    const { report, settings } = await imported('a.toml', text)
    expect(report.lines.map(({ outcome, why }) => [outcome, why])).toEqual([
      ...Array.from({ length: 4 }, () => ['mapped', 'off']),
      ['mapped', undefined],
    ])
    expect(settings).toEqual({ seed: 1 })
  })

  const optimizers: readonly (readonly [name: string, type: string, outcome: string])[] = [
    ['', 'AdamW', 'mapped'],
    ['adamw', 'AdamW', 'mapped'],
    ['PagedAdamW8bit', 'AdamW', 'approximated'],
    ['Lion8bit', 'Lion', 'approximated'],
    ['SGDNesterov', 'SGDNesterov', 'mapped'],
    ['AdaFactor', 'AdaFactor', 'mapped'],
    ['DAdaptLion', 'Prodigy', 'approximated'],
    ['RAdamScheduleFree', 'AdamW', 'approximated'],
  ]

  it.each(optimizers)('takes the optimizer "%s" for %s', async (name, type, outcome) => {
    const { settings, report } = await imported('a.toml', `optimizer_type = "${name}"`)
    expect(settings.optimizerType).toBe(type)
    expect(report.lines[0]?.outcome).toBe(outcome)
  })

  it('refuses an optimizer without a likeness and keeps AdamW', async () => {
    const { settings, report } = await imported('a.toml', 'optimizer_type = "my.own.Optimizer"')
    expect(settings.optimizerType).toBeUndefined()
    expect(report.lines[0]).toMatchObject({ outcome: 'refused' })
  })

  it('reads a command line across lines of any shell, with quotes and remarks', async () => {
    const lines = {
      'a.sh': '# a remark\npython train_network.py --network_dim=8 \\\n  --output_name "a b"',
      'a.bat': 'rem a remark\npython train_network.py --network_dim 8 ^\n  --output_name "a b"',
      'a.ps1': "python train_network.py --network_dim 8 `\n  --output_name='a b'",
      'a.txt': '--network_dim 8 --output_name a\\ b',
    }
    for (const [name, text] of Object.entries(lines)) {
      expect((await imported(name, text)).settings).toEqual({ networkDim: 8, outputName: 'a b' })
    }
  })

  it('hands a value down to the pictures from the nearest table that has it', async () => {
    const text = `[general]\nkeep_tokens = 1\nflip_aug = true
[[datasets]]\nkeep_tokens = 2
[[datasets.subsets]]\nimage_dir = "a"\nkeep_tokens = 3
[[datasets.subsets]]\nimage_dir = "b"
[[datasets]]
[[datasets.subsets]]\nimage_dir = "c"\nflip_aug = false`
    const { datasets } = await imported('a.toml', text)
    const read = datasets.map(({ settings }) =>
      settings.subsets?.map(({ keepTokens, flipAug }) => [keepTokens, flipAug]),
    )
    expect(read).toEqual([
      [
        [3, true],
        [2, true],
      ],
      [[1, false]],
    ])
  })

  it('lets a dataset file win over the command line', async () => {
    const dataset = {
      name: 'd.toml',
      text: '[[datasets]]\nresolution = 256\n[[datasets.subsets]]\nimage_dir = "a"',
    }
    const text = '--resolution 512 --enable_bucket --flip_aug --dataset_config gone.toml'
    const { datasets } = await importTraining({ name: 'a.sh', text }, files, dataset)
    expect(datasets).toEqual([
      {
        folder: 'a',
        settings: {
          resolution: 256,
          enableBucket: true,
          subsets: [{ imageDir: '', flipAug: true }],
        },
      },
    ])
  })

  it('knows every setting and every alias in plain YAML', () => {
    const keys = plainKeys('AdamW')
    const aliases = Object.entries(plainAliases).flatMap(([name, list]) => [name, ...list])
    expect(aliases.filter((alias) => typeof keys[alias] !== 'function')).toEqual([])
  })

  it('gives one meaning to an alias', () => {
    const all = Object.values(plainAliases).flat()
    expect(all.filter((alias, index) => all.indexOf(alias) !== index)).toEqual([])
  })

  it('reads back its own settings written in YAML', async () => {
    const text = 'networkDim: 8\nsave_precision: bf16\nmaxTokenLength: 150\nlossType: huber\n'
    expect((await imported('a.yaml', text)).settings).toEqual({
      networkDim: 8,
      savePrecision: 'bf16',
      maxTokenLength: 150,
      lossType: 'huber',
    })
  })
})
