import type { NodeInfo } from '../../engine/protocol/catalogue.ts'
import type { DocumentInfo, DocumentReply, TemplateInfo } from '../../engine/protocol/documents.ts'
import type { Asset, AssetKind } from '../../engine/protocol/library.ts'
import type { RunInfo, Submission } from '../../engine/protocol/runs.ts'
import type { Workflow } from '../../engine/protocol/workflow.ts'
import { server } from '../state/server.ts'
import { catalogue, connection, library } from '../state/stores.ts'

/** The HTTP side of the server. Answers are taken as the protocol says they are. */

/** A request that the server refused or that did not reach it: then `status` is 0. */
export class ApiError extends Error {
  readonly status: number
  /** The body of the answer. */
  readonly body: unknown
  constructor(message: string, status: number, body: unknown) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.body = body
  }
}

interface Extra {
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** Where the server is and the token that it asks for; the page's own origin unless set. */
export function setServer(address: string, token: string | undefined): void {
  server.setState({ address: address.replace(/\/$/, ''), token })
}

/** Typed requests: `api.get<DocumentReply>('/api/workflows/a')`. They throw an ApiError. */
export const api = {
  get: <T>(path: string, extra?: Extra) => call<T>('GET', path, undefined, extra),
  post: <T>(path: string, body?: unknown, extra?: Extra) => call<T>('POST', path, body, extra),
  put: <T>(path: string, body?: unknown, extra?: Extra) => call<T>('PUT', path, body, extra),
  patch: <T>(path: string, body?: unknown, extra?: Extra) => call<T>('PATCH', path, body, extra),
  remove: <T>(path: string, extra?: Extra) => call<T>('DELETE', path, undefined, extra),
  /** The full address of a path, for pictures and downloads. */
  address: (path: string) => `${server.getState().address}${path}`,
  workflows: () => api.get<{ workflows: DocumentInfo[] }>('/api/workflows'),
  workflow: (name: string) => api.get<DocumentReply>(`/api/workflows/${encodeName(name)}`),
  saveWorkflow: (name: string, revision: number, workflow: Workflow) =>
    api.put<DocumentReply>(`/api/workflows/${encodeName(name)}`, { revision, workflow }),
  templates: () => api.get<{ templates: TemplateInfo[] }>('/api/templates'),
  submit: async (submission: Submission, key: string) => {
    const headers = { 'Idempotency-Key': key }
    return (await api.post<{ run: RunInfo }>('/api/runs', submission, { headers })).run
  },
  /** What every request carries: the token, and which tab asks. */
  headers(): Record<string, string> {
    const { token } = server.getState()
    const { client } = connection.getState()
    return {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(client && { 'x-client': client }),
    }
  },
} as const

/** A name with `/` as it stands in an address: each part encoded. */
export function encodeName(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/')
}

/** Fetches the node types into the store. */
export async function loadCatalogue(): Promise<void> {
  const { nodes } = await api.get<{ nodes: NodeInfo[] }>('/api/catalogue')
  catalogue.setState({ nodes: new Map(nodes.map((node) => [node.type, node])) })
}

const page = 500

/** Fetches all files of a kind into the store. */
export async function loadAssets(kind: AssetKind): Promise<readonly Asset[]> {
  const assets: Asset[] = []
  for (;;) {
    const path = `/api/library/${kind}?offset=${assets.length}&limit=${page}`
    const reply = await api.get<{ total: number; assets: Asset[] }>(path)
    assets.push(...reply.assets)
    if (reply.assets.length < page || assets.length >= reply.total) break
  }
  library.setState((state) => ({ assets: { ...state.assets, [kind]: assets } }))
  return assets
}

async function call<T>(
  method: string,
  path: string,
  body: unknown,
  { headers = {}, signal }: Extra = {},
): Promise<T> {
  const raw = body instanceof Blob || body instanceof ArrayBuffer
  const { address } = server.getState()
  const sent = {
    ...(body !== undefined && !raw && { 'content-type': 'application/json' }),
    ...api.headers(),
    ...headers,
  }
  let response: Response
  try {
    response = await fetch(address + path, {
      method,
      headers: sent,
      ...(body !== undefined && { body: raw ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiError('server: no answer, expected it to run', 0, undefined)
  }
  const text = await response.text()
  const json = text === '' ? undefined : parsed(text)
  if (response.ok) return json as T
  const said = (json as { error?: unknown } | undefined)?.error
  const message = typeof said === 'string' ? said : `server: ${response.status} for ${path}`
  throw new ApiError(message, response.status, json)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
