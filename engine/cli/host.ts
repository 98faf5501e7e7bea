import { totalmem } from 'node:os'
import { openStore, type Store } from '../store.ts'
import {
  type Cache,
  type Catalogue,
  type Codec,
  createCache,
  type Lookup,
  type Plan,
} from '../workflow/index.ts'
import type { Folders } from './folders.ts'

/** Where networks run. */
export const providers = ['cpu', 'webgpu', 'cuda'] as const
export type Provider = (typeof providers)[number]

/** What a run's services are opened with: absolute folders, and the device if one is wanted. */
export interface ServicesOptions {
  readonly models: string[]
  readonly input: string
  readonly output: string
  readonly cacheDir: string
  readonly provider?: Provider
}

/** What the commands use of the services; nodes see all of them. */
export interface HostServices {
  readonly files: Lookup
  readonly codecs?: Readonly<Record<string, Codec>>
  close(): Promise<void>
}

/** What a process brings to the commands: its nodes, and how to open what they run on. */
export interface Host<Services extends HostServices = HostServices> {
  readonly catalogue: Catalogue
  openServices(options: ServicesOptions): Promise<Services>
  /** The services for one plan, where nodes are to know what they are part of. */
  servicesFor?(services: Services, plan: Plan): Services
}

/** Opens the services of a host, gives them to `use` and closes them, whatever happens. */
export async function withServices<Result>(
  host: Host,
  folders: Folders,
  provider: Provider | undefined,
  use: (services: HostServices) => Promise<Result>,
): Promise<Result> {
  const { models, input, output, cache } = folders
  const options = { models, input, output, cacheDir: cache }
  const services = await host.openServices(provider ? { ...options, provider } : options)
  try {
    return await use(services)
  } finally {
    await services.close()
  }
}

/** Limit of what a user's cache folder grows to: some thousand latents and pictures. */
const maxStoreBytes = 8 * 2 ** 30

/** What is kept between processes, in the cache folder. Tells once where it cannot write. */
export function openCacheStore(folders: Folders, onProblem: (message: string) => void): Store {
  return openStore({ folder: folders.cache, maxBytes: maxStoreBytes, onProblem })
}

/** The cache of results: in memory up to a quarter of the machine's, and in the store if given. */
export function openCache(services: HostServices, store: Store | undefined): Cache {
  return createCache({
    bytes: totalmem() / 4,
    codecs: services.codecs ?? {},
    ...(store ? { disk: store } : {}),
  })
}

/** The name of the record of a workflow's last run: one per file, so that edits are compared. */
export function recordName(path: string | undefined): string {
  return `run ${path ?? 'stdin'}`
}
