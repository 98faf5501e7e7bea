import { api } from '../link/api.ts'
import { notify } from '../state/stores.ts'
import { newTab } from '../state/tabs.ts'
import type { Workflow } from '../state/types.ts'
import { shellWords } from '../words/shell.ts'
import { say } from '../words/words.ts'

const chunk = 'iTXt'

/** Opens the workflow of a picture or a workflow file in a new tab; tells why where it cannot. */
export async function openFile(file: File): Promise<void> {
  const words = say(shellWords)
  try {
    const workflow = file.name.endsWith('.json')
      ? JSON.parse(await file.text())
      : workflowInPng(new Uint8Array(await file.arrayBuffer()))
    if (!isWorkflow(workflow)) throw new Error()
    newTab(workflow)
    notify(words('opened', { name: file.name }), 'good')
  } catch {
    notify(words('noWorkflowInside', { name: file.name }), 'bad')
  }
}

/** Opens the workflow that a picture of the server carries, in a new tab. */
export async function openPicture(kind: 'input' | 'output', name: string): Promise<void> {
  const words = say(shellWords)
  try {
    const path = name.split('/').map(encodeURIComponent).join('/')
    const found = await api.get<{ workflow?: unknown }>(`/api/library/${kind}/workflow/${path}`)
    const workflow = isWorkflow(found) ? found : found.workflow
    if (!isWorkflow(workflow)) throw new Error(words('noWorkflowInside', { name }))
    newTab(workflow)
    notify(words('opened', { name }), 'good')
  } catch (error) {
    notify((error as Error).message, 'bad')
  }
}

/** Whether a value has the outline of a workflow; the server's check says the rest. */
export function isWorkflow(value: unknown): value is Workflow {
  const { version, nodes } = (value ?? {}) as Record<string, unknown>
  return version === 1 && typeof nodes === 'object' && nodes !== null && !Array.isArray(nodes)
}

/** The workflow in the text chunks of a PNG file; undefined where there is none. */
export function workflowInPng(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at)
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const end = at + 8 + length
    if (end > bytes.length) return undefined
    if (type === 'tEXt' || type === chunk) {
      const found = workflowText(bytes.subarray(at + 8, end), type)
      if (found !== undefined) return JSON.parse(found)
    }
    at = end + 4
  }
  return undefined
}

function workflowText(data: Uint8Array, type: string): string | undefined {
  const end = data.indexOf(0)
  const keyword = new TextDecoder('latin1').decode(data.subarray(0, end))
  if (keyword !== 'mazeru') return undefined
  if (type === 'tEXt') return new TextDecoder('latin1').decode(data.subarray(end + 1))
  if (data[end + 1] !== 0) return undefined
  const language = data.indexOf(0, end + 3)
  const translated = data.indexOf(0, language + 1)
  return new TextDecoder().decode(data.subarray(translated + 1))
}
