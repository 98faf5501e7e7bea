import { totalmem } from 'node:os'
import type { ServicesOptions } from '../context.ts'
import { providers } from '../runtime/device.ts'
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

/** Where networks may run; `auto` is the best there is. */
export const providerChoices = ['auto', ...providers] as const
export type ProviderChoice = (typeof providerChoices)[number]

/** What a command wants of the device. */
export interface DeviceOptions {
  readonly provider?: ProviderChoice | undefined
  /** Told in a sentence what the user should know of it. */
  readonly onNotice?: (sentence: string) => void
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
  { provider, onNotice }: DeviceOptions,
  use: (services: HostServices) => Promise<Result>,
): Promise<Result> {
  const { models, input, output, cache } = folders
  const options = { models, input, output, cacheDir: cache }
  const services = await host.openServices({
    ...options,
    ...(provider && { provider }),
    ...(onNotice && { onNotice }),
  })
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
