import { totalmem } from 'node:os'
import type { Folders } from '../cli/folders.ts'
import type { ServicesOptions } from '../context.ts'
import { openStore, type Store } from '../store.ts'
import {
  type Cache,
  type CacheDisk,
  type Catalogue,
  type Codec,
  createCache,
  type Lookup,
  type Plan,
} from '../workflow/index.ts'

/** What a process that runs workflows is given, and what it keeps: shared with the commands. */

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

/** Limit of what a user's cache folder grows to: some thousand latents and pictures. */
const maxStoreBytes = 8 * 2 ** 30

/** What is kept between processes, in the cache folder. Tells once where it cannot write. */
export function openCacheStore(
  { cache }: Pick<Folders, 'cache'>,
  onProblem: (message: string) => void,
): Store {
  return openStore({ folder: cache, maxBytes: maxStoreBytes, onProblem })
}

/** The cache of results: in memory up to a quarter of the machine's, and on disk if given. */
export function openCache(services: HostServices, disk: CacheDisk | undefined): Cache {
  return createCache({
    bytes: totalmem() / 4,
    codecs: services.codecs ?? {},
    ...(disk ? { disk } : {}),
  })
}
