import type { Host, HostServices } from '../executor/host.ts'
import { providers } from '../runtime/device.ts'
import type { Folders } from './folders.ts'

export { type Host, type HostServices, openCache, openCacheStore } from '../executor/host.ts'

/** Where networks may run; `auto` is the best there is. */
export const providerChoices = ['auto', ...providers] as const
export type ProviderChoice = (typeof providerChoices)[number]

/** What a command wants of the device. */
export interface DeviceOptions {
  readonly provider?: ProviderChoice | undefined
  /** Told in a sentence what the user should know of it. */
  readonly onNotice?: (sentence: string) => void
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

/** The name of the record of a workflow's last run: one per file, so that edits are compared. */
export function recordName(path: string | undefined): string {
  return `run ${path ?? 'stdin'}`
}
