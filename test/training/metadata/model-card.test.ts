import { describe, expect, test } from 'vitest'
import { describedMetadata } from '../../../engine/training/metadata/describe.ts'
import { modelCard } from '../../../engine/training/metadata/model-card.ts'

const files = { file: 'ink_00001_.safetensors', bytes: 3 * 2 ** 20, pictures: [] }

describe('the page about a LoRA', () => {
  test('says what its metadata says', () => {
    const metadata = {
      'modelspec.title': 'Ink wash',
      'modelspec.license': 'CC0-1.0',
      'modelspec.trigger_phrase': 'ink wash',
      'modelspec.tags': 'style, ink',
      ss_sd_model_name: 'tiny.safetensors',
      ss_new_sd_model_hash: 'ab12',
      ss_network_dim: '4',
      ss_network_alpha: '2.0',
      ss_seed: 'None',
      'mazeru.dataset_licences': '{"CC0-1.0": 20, "": 2}',
    }
    const card = modelCard(metadata, {
      ...files,
      pictures: ['ink_00001_.png'],
      chart: 'ink 1.loss.png',
    })
    expect(card).toBe(`---
license: "CC0-1.0"
base_model: "tiny.safetensors"
instance_prompt: "ink wash"
tags: ["lora","text-to-image","style","ink"]
---

# Ink wash

![Drawn with Ink wash](ink_00001_.png)

Put into the prompt: \`ink wash\`

| | |
|---|---|
| File | ink\\_00001\\_.safetensors, 3.0 MiB |
| Licence | CC0-1.0 |
| Base model | tiny.safetensors, SHA-256 ab12 |
| Rank, alpha | 4, 2.0 |
| Licences of the pictures | CC0-1.0 (20), not stated (2) |

![Loss over the steps](ink%201.loss.png)
`)
  })

  test('is a page for a LoRA that says nothing', () => {
    expect(modelCard({}, files)).toContain('# ink\\_00001\\_')
  })

  test('does not let a text of the file become markup', () => {
    const title = 'a\n# b <script> | c'
    const card = modelCard({ 'modelspec.title': title, ss_training_comment: 'x | y\n| z' }, files)
    expect(card).toContain('# a \\# b \\<script\\> \\| c\n')
    expect(card).toContain('| Remark | x \\| y \\| z |')
  })

  test('leaves out licences that are no JSON', () => {
    expect(modelCard({ 'mazeru.dataset_licences': '{' }, files)).not.toContain('Licences')
  })
})

describe('what is said of a LoRA when it is saved', () => {
  test('replaces what it said before, and nothing else', () => {
    const before = { 'modelspec.title': 'old', 'modelspec.author': 'A', ss_steps: '200' }
    const base = { name: 'tiny.safetensors', hashes: { sha256: 'ab', short: '12' } }
    expect(describedMetadata(before, { name: 'ink', title: 'Ink', author: '' }, base)).toEqual({
      'modelspec.sai_model_spec': '1.0.0',
      'modelspec.title': 'Ink',
      'modelspec.author': 'A',
      ss_steps: '200',
      ss_output_name: 'ink',
      ss_sd_model_name: 'tiny.safetensors',
      ss_sd_model_hash: '12',
      ss_new_sd_model_hash: 'ab',
    })
  })

  test('is the name where nothing is said', () => {
    const metadata = describedMetadata({}, { name: 'ink' })
    expect(metadata['modelspec.title']).toBe('ink')
  })
})
