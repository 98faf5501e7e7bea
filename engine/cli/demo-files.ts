import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type FileBytes, replaceFile } from '../files/save.ts'
import { randomCheckpoint, randomPresets } from '../models/random-checkpoint.ts'
import { attentionLayers, randomLora } from '../models/random-lora.ts'

const { tiny } = randomPresets

/** The files of the demo below a folder of models, by name; each is made from its seed alone. */
const demoFiles: Readonly<Record<string, () => FileBytes>> = {
  'checkpoints/demo.safetensors': () => randomCheckpoint(tiny, 20),
  'loras/demo-style.safetensors': () => demoLora(21),
  'loras/demo-ink.safetensors': () => demoLora(22),
}

/**
 * Makes the demo's models where they are absent: a tiny checkpoint and two LoRAs, whole or not at
 * all. Gives the names of the files that were written, below `folder`.
 */
export async function ensureDemo(folder: string): Promise<string[]> {
  const absent = Object.entries(demoFiles).filter(([name]) => !existsSync(join(folder, name)))
  for (const [name, bytes] of absent) await replaceFile(join(folder, name), bytes())
  return absent.map(([name]) => name)
}

/** Makes the demo's models if a workflow names one of them. */
export async function ensureDemoFor(workflow: string, folder: string): Promise<void> {
  const names = Object.keys(demoFiles).map((path) => basename(path))
  if (names.some((name) => workflow.includes(name))) await ensureDemo(folder)
}

/** Strong enough that another mix is seen at once: as large as the weights themselves. */
function demoLora(seed: number): Uint8Array {
  return randomLora({ rank: 4, layers: attentionLayers(tiny.blueprint), seed, size: 1 })
}
