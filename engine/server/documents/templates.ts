import { readFile } from 'node:fs/promises'
import type { TemplateInfo } from '../../protocol/index.ts'
import { parseWorkflow, type Workflow } from '../../workflow/index.ts'
import { pathInside } from '../library/inside.ts'
import { documentNames, ending, stampOf } from './disk.ts'
import type { Documents } from './types.ts'

/** What the files do not say of a workflow that comes along. */
interface TemplateFacts {
  readonly title: string
  readonly titleJa: string
  readonly descriptionJa: string
  /** How the gallery groups it. */
  readonly tags: readonly string[]
}

/** By name. One that is not listed is shown by its name. */
export const templateFacts: Readonly<Record<string, TemplateFacts>> = {
  'text-to-image': {
    title: 'Picture from words',
    titleJa: '言葉から画像',
    descriptionJa: '言葉から画像を作ります。',
    tags: ['illustration', 'start'],
  },
  'image-to-image': {
    title: 'Redraw a picture',
    titleJa: '画像を描き直す',
    descriptionJa: '画像を LoRA の画風で描き直します。',
    tags: ['illustration', 'picture'],
  },
  inpaint: {
    title: 'Repaint a part',
    titleJa: '一部を描き直す',
    descriptionJa: '画像の一部を描き直し、残りは 1 ビットも変えません。',
    tags: ['illustration', 'picture', 'mask'],
  },
  'one-lora': {
    title: 'One LoRA',
    titleJa: 'LoRA を 1 つ使う',
    descriptionJa: '1 つの LoRA を好きな強さで使って画像を作ります。',
    tags: ['illustration', 'lora', 'start'],
  },
  'two-loras': {
    title: 'Blend two LoRAs',
    titleJa: '2 つの LoRA を混ぜる',
    descriptionJa: '2 つの LoRA を決めた比率で混ぜます。',
    tags: ['illustration', 'lora', 'mixing', 'start'],
  },
  'ratio-sweep': {
    title: 'Compare ratios',
    titleJa: '比率を比べる',
    descriptionJa: '1 つの LoRA を 5 つの比率で並べて比べます。',
    tags: ['lora', 'mixing', 'comparison'],
  },
  'train-lora': {
    title: 'Train a LoRA',
    titleJa: 'LoRA を学習する',
    descriptionJa: '24 枚の画像から LoRA を学習し、別の画風と 2 つの比率で混ぜます。',
    tags: ['training', 'lora', 'start'],
  },
  'lora-mixer': {
    title: 'LoRA mixer',
    titleJa: 'LoRA ミキサー',
    descriptionJa: '3 つの LoRA を 1 つのミキサーで。比率を動かすと画像が変わります。',
    tags: ['lora', 'mixing', 'start'],
  },
  'character-scenes': {
    title: 'A character in scenes',
    titleJa: 'キャラクターの場面集',
    descriptionJa: '1 人のキャラクターを専用の LoRA で 4 つの場面に描きます。',
    tags: ['illustration', 'lora', 'series'],
  },
  landscapes: {
    title: 'Landscapes',
    titleJa: '風景',
    descriptionJa: 'いろいろな場所と時刻を版画のように描きます。',
    tags: ['illustration', 'lora', 'series'],
  },
  prototype: {
    title: 'Design draft',
    titleJa: 'デザインの試作',
    descriptionJa: 'スケッチから下絵を作り、中央を別のものに変えます。製品や建物に。',
    tags: ['picture', 'mask', 'design'],
  },
  'social-posts': {
    title: 'Pictures for posts',
    titleJa: '投稿用の画像',
    descriptionJa: '文の表から投稿用の画像をまとめて作ります。',
    tags: ['illustration', 'series'],
  },
  'style-transfer': {
    title: 'Change the style',
    titleJa: '画風を変える',
    descriptionJa: '手持ちの画像を別の画風に。元の画像と 3 段階の変化を並べます。',
    tags: ['picture', 'comparison'],
  },
  'teaching-series': {
    title: 'Series for teaching',
    titleJa: '教材の連作',
    descriptionJa: '同じ題材を、ほかは同じまま 4 つの時刻で描きます。',
    tags: ['illustration', 'series'],
  },
  demo: {
    title: 'Demo',
    titleJa: 'デモ',
    descriptionJa: '1 つのプロンプトで、2 つの LoRA を 3 つの比率で混ぜます。',
    tags: ['demo', 'lora', 'mixing'],
  },
  'demo-sheet': {
    title: 'Contact sheet of the demo model',
    titleJa: 'デモモデルの一覧',
    descriptionJa: 'デモモデルが描けるものを一覧にします。',
    tags: ['demo', 'comparison'],
  },
  'demo-base-model': {
    title: 'Train the demo model',
    titleJa: 'デモモデルを学習する',
    descriptionJa: 'デモモデルを最初から学習します。もう一度実行すると続きから進みます。',
    tags: ['demo', 'training'],
  },
  'demo-lora-mascot': {
    title: 'Train the LoRA mascot',
    titleJa: 'LoRA「mascot」を学習する',
    descriptionJa: '付属の LoRA「mascot」を、コードで描いた画像から学習します。',
    tags: ['demo', 'training', 'lora'],
  },
  'demo-lora-neon': {
    title: 'Train the LoRA neon',
    titleJa: 'LoRA「neon」を学習する',
    descriptionJa: '付属の LoRA「neon」を、コードで描いた画像から学習します。',
    tags: ['demo', 'training', 'lora'],
  },
  'demo-lora-riso': {
    title: 'Train the LoRA riso',
    titleJa: 'LoRA「riso」を学習する',
    descriptionJa: '付属の LoRA「riso」を、コードで描いた画像から学習します。',
    tags: ['demo', 'training', 'lora'],
  },
}

/** Where the picture of a template is fetched. */
function pictureAddress(name: string): string {
  return `/api/template-pictures/${name.split('/').map(encodeURIComponent).join('/')}`
}

/** The finished picture of a template below the folder of templates: `pictures/NAME.webp`. */
export function templatePicture(folder: string, name: string): Promise<string> {
  return pathInside(folder, 'templates', `pictures/${name}.webp`)
}

type Templates = Pick<Documents, 'templates' | 'template' | 'templatePicture'>

/** The workflows that come along: files that nobody changes while the server is up. */
export function openTemplates(folder: string): Templates {
  const read = async (name: string): Promise<Workflow | undefined> => {
    const path = await pathInside(folder, 'templates', name + ending)
    if (!(await stampOf(path))) return undefined
    return parseWorkflow(await readFile(path, 'utf8'), name)
  }
  const describe = async (name: string): Promise<TemplateInfo[]> => {
    const workflow = await read(name).catch(() => undefined)
    if (!workflow) return []
    const known = Object.hasOwn(templateFacts, name) ? templateFacts[name] : undefined
    const { tags = [], ...titles } = known ?? { title: titleOf(workflow.name ?? name) }
    const hasPicture = await stampOf(await templatePicture(folder, name))
    return [
      {
        ...{ name, ...titles, tags: [...tags] },
        description: workflow.description ?? '',
        ...(hasPicture && { picture: pictureAddress(name) }),
      },
    ]
  }
  return {
    template: read,
    async templatePicture(name) {
      const path = await templatePicture(folder, name)
      return (await stampOf(path)) ? await readFile(path) : undefined
    },
    async templates() {
      const found: TemplateInfo[] = []
      for (const name of await documentNames(folder)) found.push(...(await describe(name)))
      return found
    },
  }
}

/** `two-loras` as people read it: `Two loras`. */
function titleOf(name: string): string {
  const words = name.replaceAll(/[-_]+/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
