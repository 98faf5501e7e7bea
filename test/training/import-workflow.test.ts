import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importTrainingCommand } from '../../engine/cli/import-training.ts'
import { createCatalogue, parseWorkflow } from '../../engine/workflow/index.ts'
import { parseParams } from '../../engine/workflow/params.ts'
import dataset from '../../nodes/dataset.ts'
import loadLora from '../../nodes/load-lora.ts'
import loadModel from '../../nodes/load-model.ts'
import loadVae from '../../nodes/load-vae.ts'
import loraInit from '../../nodes/lora-init.ts'
import optimizer from '../../nodes/optimizer.ts'
import saveLora from '../../nodes/save-lora.ts'
import train from '../../nodes/train.ts'
import { arithmeticHost, scratch } from '../support/cli.ts'

const fixtures = join(import.meta.dirname, '../fixtures/training-configs')
const fixture = (name: string) => readFileSync(join(fixtures, name), 'utf8')
const catalogue = createCatalogue([
  ...[dataset, loadLora, loadModel, loadVae, loraInit, optimizer, saveLora, train],
])

async function command(folder: string, file: string, options: object = {}) {
  const out = { stdout: '', stderr: '' }
  const shell = {
    place: { folder },
    stdout: { write: (text: string) => (out.stdout += text) },
    stderr: { write: (text: string) => (out.stderr += text) },
  } as never
  const code = await importTrainingCommand(file, options, arithmeticHost(), shell)
  return { code, ...out }
}

describe('mazeru import-training', () => {
  it.each([
    'plain.yaml',
    'nested.yaml',
    'kohya-options.toml',
    'ai-toolkit.yaml',
    'one-trainer.json',
  ])('writes a workflow for %s whose params its nodes take', async (name) => {
    using folder = scratch({
      [name]: fixture(name),
      'kohya-dataset.toml': fixture('kohya-dataset.toml'),
    })
    expect(await command(folder.path, name, { output: 'w.json' })).toMatchObject({ code: 0 })
    const workflow = parseWorkflow(readFileSync(join(folder.path, 'w.json'), 'utf8'), 'w.json')
    for (const [id, node] of Object.entries(workflow.nodes)) {
      const shape = catalogue.shape(node.type)!
      const linked = new Set(Object.keys(node.inputs ?? {}))
      const { faults, values } = parseParams(shape, 0, node.params ?? {}, linked)
      expect([id, faults]).toEqual([id, []])
      expect(Object.keys(node.params ?? {}).filter((param) => !(param in values))).toEqual([])
    }
  })

  it('puts every setting that was read into a node', async () => {
    const name = 'plain.yaml'
    using folder = scratch({ [name]: fixture(name) })
    const { stdout } = await command(folder.path, name, { json: true })
    const { workflow, report } = JSON.parse(stdout)
    const given = Object.values(workflow.nodes).flatMap((node) =>
      Object.keys((node as { params?: object }).params ?? {}),
    )
    const read = report.lines.flatMap(({ to }: { to?: string }) => to?.split('.').at(-1) ?? [])
    const elsewhere = ['checkpoint', 'imageDir']
    const missing = read.filter((key: string) => !given.includes(key) && !elsewhere.includes(key))
    expect(missing).toEqual([])
  })

  it('prints the report and where the pictures are looked for', async () => {
    using folder = scratch({ 'a.yaml': 'rank: 8\nimages: cats\nmodel: m.safetensors\n' })
    const { code, stdout, stderr } = await command(folder.path, 'a.yaml')
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: [
        'a.yaml (plain settings): 3 mapped, 1 approximated, 0 refused',
        '',
        'mapped:',
        '  rank = 8 -> networkDim',
        '  images = "cats" -> subset.imageDir',
        '  model = "m.safetensors" -> model.checkpoint',
        '',
        'approximated:',
        '  seed left out -> seed = 0 (a seed is drawn there; here it is 0)',
        '',
      ].join('\n'),
      stderr: [
        `pictures: run with --in ${folder.path}`,
        'nothing written: name a workflow with -o workflow.json',
        '',
      ].join('\n'),
    })
  })

  it('does not write over a file unless told to', async () => {
    using folder = scratch({ 'a.yaml': 'rank: 8\n', 'w.json': 'mine' })
    await expect(command(folder.path, 'a.yaml', { output: 'w.json' })).rejects.toThrow(
      'w.json: is there already, a new name expected; --force writes over it',
    )
    expect(readFileSync(join(folder.path, 'w.json'), 'utf8')).toBe('mine')
    await command(folder.path, 'a.yaml', { output: 'w.json', force: true })
    expect(readFileSync(join(folder.path, 'w.json'), 'utf8')).toContain('"networkDim": 8')
  })

  it('names a file that is not there', async () => {
    using folder = scratch({ 'a.toml': 'dataset_config = "gone.toml"\n' })
    await expect(command(folder.path, 'b.toml')).rejects.toThrow(
      'b.toml: no such file, settings of a training expected',
    )
    await expect(command(folder.path, 'a.toml')).rejects.toThrow(
      'gone.toml: no such file, settings of a training expected',
    )
  })
})
