import type { NodeEntry, Workflow } from '../../workflow/index.ts'
import { learningRateShape } from '../learning-rate.ts'
import { optimizerShape } from '../optimizers.ts'
import { trainParams } from '../run/train-params.ts'
import { networkShape } from '../settings/network.ts'
import type { ImportedDataset, ImportedTraining } from './finish.ts'

/** A workflow that trains what was imported, and what its user is to know. */
export interface TrainingWorkflow {
  readonly workflow: Workflow
  /** A sentence each: where files have to lie, what the workflow leaves out. */
  readonly notices: readonly string[]
}

type Values = Readonly<Record<string, unknown>>

/** The file to go on from comes over a link, and its ranks with it. */
const { networkWeights: _file, dimFromWeights: _dim, ...initShape } = networkShape

/**
 * The nodes of a training: model, data, new LoRA, optimizer, training, saving. Folders and files
 * are named by their last part, because nodes look for them below folders of their own.
 */
export function trainingWorkflow(imported: ImportedTraining): TrainingWorkflow {
  const { datasets, model } = imported
  const settings: Values = imported.settings
  const notices: string[] = []
  const checkpoint = fileName(model.checkpoint, 'a model', 'checkpoints', notices)
  const vae = model.vae && fileName(model.vae, 'a VAE', 'vae', notices)
  const from = settings.networkWeights
  const start = from ? fileName(String(from), 'a LoRA', 'loras', notices) : undefined
  const data = datasets.map((dataset) => datasetNode(dataset, notices))
  if (data.length === 0) notices.push('no pictures are named: set dataset.folder')
  if (data.length > 1) {
    notices.push(`dataset2 to dataset${data.length} are not linked: train takes one dataset`)
  }
  const seed = { seed: settings.seed ?? 0 }
  const nodes: Record<string, NodeEntry> = {
    checkpoint: {
      type: 'load-model',
      params: {
        file: checkpoint,
        ...(model.prediction && { config: { prediction: model.prediction } }),
      },
    },
    ...(vae && { vae: { type: 'load-vae', params: { file: vae } } }),
    ...(start && { start: { type: 'load-lora', params: { file: start } } }),
    ...Object.fromEntries(data.map((node, index) => [`dataset${index || ''}`, node])),
    ...(data.length === 0 && { dataset: { type: 'dataset', params: { folder: '' } } }),
    init: {
      type: 'lora-init',
      params: { ...pick(settings, initShape), ...seed },
      inputs: {
        model: 'checkpoint.model',
        textEncoder: 'checkpoint.textEncoder',
        ...(start && { from: 'start.lora' }),
      },
    },
    optimizer: {
      type: 'optimizer',
      params: pick(settings, { ...optimizerShape, ...learningRateShape }),
    },
    train: {
      type: 'train',
      params: { ...pick(settings, trainParams.shape), ...seed },
      inputs: {
        model: 'checkpoint.model',
        textEncoder: 'checkpoint.textEncoder',
        vae: vae ? 'vae.vae' : 'checkpoint.vae',
        dataset: 'dataset.dataset',
        lora: 'init.lora',
        optimizer: 'optimizer.optimizer',
      },
    },
    save: {
      type: 'save-lora',
      params: saveParams(settings),
      inputs: {
        lora: 'train.lora',
        model: 'checkpoint.model',
        textEncoder: 'checkpoint.textEncoder',
      },
    },
  }
  const workflow: Workflow = {
    version: 1,
    name: String(settings.outputName ?? 'training'),
    description: `Trains a LoRA; imported from ${imported.report.file}.`,
    outputs: { lora: 'save.file' },
    nodes,
  }
  return { workflow, notices }
}

/** A dataset of one folder has its settings in the node; others have them by folder. */
function datasetNode({ folder, settings }: ImportedDataset, notices: string[]): NodeEntry {
  const { subsets = [], resolution, ...shared } = settings
  const [width, height] = [resolution ?? []].flat()
  const sizes = {
    ...(width !== undefined && { resolution: width }),
    ...(height !== undefined && { resolutionHeight: height }),
  }
  const { parent, name } = split(folder)
  if (!/(^|\/)input$/.test(parent)) notices.push(`pictures: run with --in ${parent || '.'}`)
  const [first, ...others] = subsets
  const plain = { enableBucket: false, ...shared, ...sizes, folder: name }
  if (first && others.length === 0 && !first.imageDir && !first.isReg && !hasMasks(first)) {
    const { imageDir, isReg, customAttributes, ...own } = first
    return { type: 'dataset', params: { ...plain, ...own } }
  }
  // What lies in the folder beside the folders that are named was not trained there either.
  return { type: 'dataset', params: { ...plain, numRepeats: 0, subsets } }
}

function hasMasks({ conditioningDataDir }: { conditioningDataDir?: unknown }): boolean {
  return conditioningDataDir !== undefined
}

function saveParams(settings: Values): Values {
  const { metadataTags, triggerWords } = settings
  const named: Values = {
    name: settings.outputName,
    precision: settings.savePrecision,
    title: settings.metadataTitle,
    author: settings.metadataAuthor,
    description: settings.metadataDescription,
    licence: settings.metadataLicense,
    comment: settings.trainingComment,
    triggerWords,
    ...(typeof metadataTags === 'string' && {
      tags: metadataTags.split(',').map((tag) => tag.trim()),
    }),
  }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}

function fileName(
  path: string | undefined,
  what: string,
  folder: string,
  notices: string[],
): string {
  if (path === undefined) {
    notices.push(`${what} is not named: set checkpoint.file`)
    return 'model.safetensors'
  }
  const { parent, name } = split(path)
  if (parent !== '') notices.push(`${path}: ${what}, expected in the folder ${folder} of models`)
  return name
}

function split(path: string): { parent: string; name: string } {
  const parts = path.replaceAll('\\', '/').replace(/\/+$/, '').split('/')
  const name = parts.pop() ?? ''
  return { parent: parts.join('/'), name }
}

function pick(values: Values, shape: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => name in shape))
}
