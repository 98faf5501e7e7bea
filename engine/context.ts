import { totalmem } from 'node:os'
import { codecs } from './codecs.ts'
import { type FileHashes, type HashOptions, hashFile } from './files/hash-file.ts'
import { readWeight } from './files/read-weight.ts'
import { type FileKind, type Files, openFiles } from './files.ts'
import type { parseSafetensors, SafetensorsTensor } from './formats/safetensors.ts'
import { createLoraFeeder, type LoraFeeder } from './inference/lora-feeds.ts'
import { createPromptMemo, type PromptMemo } from './inference/prompt-memo.ts'
import { type Lora, readLora } from './lora/load.ts'
import { type Checkpoint, type CheckpointConfig, readCheckpoint } from './models/checkpoint.ts'
import { type EmbeddingTable, embeddingTable, readEmbedding } from './models/prompt/embeddings.ts'
import { type PictureTexts, pictureTextsOf } from './picture-texts.ts'
import type { Provider } from './runtime/device.ts'
import type { SessionPool } from './runtime/session-pool.ts'
import { openStore } from './store.ts'
import type { Plan } from './workflow/index.ts'

/** Folders and device of one process. */
export interface ServicesOptions {
  readonly models: string[]
  readonly input: string
  readonly output: string
  readonly cacheDir: string
  /** The best device there is, unless said otherwise. */
  readonly provider?: Provider | 'auto'
  /** Told in a sentence what the user should know of the device. */
  readonly onNotice?: (sentence: string) => void
}

/** The device with the programs loaded on it. */
export interface Runtime {
  readonly pool: SessionPool
  readonly feeder: LoraFeeder
  readonly prompts: PromptMemo
}

/** What a running node may reach. Everything opens when it is first asked for. */
export interface Services {
  readonly files: Files
  readonly codecs: typeof codecs
  /** Opens the device at the first call. */
  runtime(): Promise<Runtime>
  checkpoint(
    kind: 'checkpoints' | 'vae',
    file: string,
    config?: CheckpointConfig,
  ): Promise<Checkpoint>
  lora(file: string, allowUnmatched: boolean): Promise<Lora>
  embeddings(files: readonly string[]): Promise<EmbeddingTable>
  /** SHA-256 of a file, worked out once; undefined for a model in a folder. */
  hashes(
    kind: FileKind,
    file: string,
    options?: Omit<HashOptions, 'memory'>,
  ): Promise<FileHashes | undefined>
  /** Absolute; pictures are saved below it. */
  readonly outputFolder: string
  /** What a picture saved by this node should carry; absent where no graph is known. */
  pictureTexts?(node: string, size: { width: number; height: number }): PictureTexts
  close(): Promise<void>
}

/** Opens the services of a process. */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const files = openFiles(options)
  let runtime: Promise<Runtime> | undefined
  const loras = new Map<string, WeakRef<Lora>>()
  return {
    files,
    codecs,
    outputFolder: options.output,
    runtime() {
      runtime ??= openRuntime(options)
      return runtime
    },
    async checkpoint(kind, file, config) {
      return readCheckpoint(await files.header(kind, file), config)
    },
    async lora(file, allowUnmatched) {
      const key = `${file} ${await files.fingerprint('loras', file)}`
      const name = `${key} ${allowUnmatched}`
      // A mixer asks again at every change of a ratio, while its former value is still held.
      const known = loras.get(name)?.deref()
      if (known) return known
      const lora = readLora(file, await readAll(files, 'loras', file), { key, allowUnmatched })
      loras.set(name, new WeakRef(lora))
      return lora
    },
    async embeddings(names) {
      const entries = new Map<string, ReturnType<typeof readEmbedding>>()
      for (const name of names) {
        const { tensors } = await readAll(files, 'embeddings', name)
        entries.set(name.replace(/\.safetensors$/, ''), readEmbedding(name, tensors))
      }
      return embeddingTable(entries)
    },
    async hashes(kind, file, hashOptions) {
      const memory = recordsOf(options)
      return hashFile(await files.resolve(kind, file), { ...hashOptions, memory })
    },
    async close() {
      const opened = await runtime
      await opened?.feeder.close()
      await opened?.pool.close()
    },
  }
}

/** The services for one plan: a picture that a node of it saves carries its workflow. */
export function servicesFor(services: Services, { graph }: Plan): Services {
  return { ...services, pictureTexts: (node, size) => pictureTextsOf(graph, node, size) }
}

/** What is known of devices is small; the results of runs are kept by the command line. */
const maxRecordBytes = 2 ** 26

/** The runtime is loaded only where something has to be computed. */
async function openRuntime(options: ServicesOptions): Promise<Runtime> {
  const { provider = 'auto', onNotice } = options
  const { createSessionPool } = await import('./runtime/session-pool.ts')
  const { openCheckedDevice } = await import('./inference/check-block.ts')
  const memory = recordsOf(options)
  const device = await openCheckedDevice({ provider, memory, ...(onNotice && { onNotice }) })
  const pool = createSessionPool(device, totalmem() / 4)
  return { pool, feeder: createLoraFeeder(pool, readWeight), prompts: createPromptMemo() }
}

/** Small records in the cache folder: of devices, and of the hashes of files. */
function recordsOf({ cacheDir }: ServicesOptions) {
  const store = openStore({ folder: cacheDir, maxBytes: maxRecordBytes })
  return { get: store.readRecord, put: store.writeRecord }
}

/** Largest LoRA or embedding that is read into memory; real ones stay below 2 GB. */
async function readAll(files: Files, kind: 'loras' | 'embeddings', name: string) {
  const file = await files.weights(kind, name)
  try {
    const tensors = new Map<string, SafetensorsTensor>()
    for (const { name: tensor, dtype, shape } of file.header.tensors.values()) {
      tensors.set(tensor, { dtype, shape, bytes: await file.read(tensor) })
    }
    return { tensors, metadata: file.header.metadata } satisfies ReturnType<typeof parseSafetensors>
  } finally {
    await file.close()
  }
}
