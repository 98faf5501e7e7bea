import { useEffect, useState } from 'react'
import type { DatasetReply } from '../../../engine/protocol/training.ts'
import { api, encodeName } from '../../link/api.ts'
import { notify } from '../../state/stores.ts'

/** A folder of training pictures as the server reads it, and how to have it read again. */
export interface OpenDataset {
  readonly folders: readonly string[]
  readonly reply: DatasetReply | undefined
  readonly busy: boolean
  /** With `check` the doctor looks at every picture. */
  load(options?: { check?: boolean }): Promise<void>
  save(captions: Readonly<Record<string, string>>): Promise<boolean>
}

/** Reads a folder whenever its name changes. What goes wrong is said in a notice. */
export function useDataset(folder: string | undefined): OpenDataset {
  const [folders, setFolders] = useState<readonly string[]>([])
  const [reply, setReply] = useState<DatasetReply>()
  const [busy, setBusy] = useState(false)
  const path = folder === undefined ? undefined : `/api/datasets/${encodeName(folder)}`

  async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    setBusy(true)
    try {
      return await work()
    } catch (error) {
      notify((error as Error).message, 'bad')
      return undefined
    } finally {
      setBusy(false)
    }
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is read once
  useEffect(() => {
    void attempt(async () => {
      setFolders((await api.get<{ folders: readonly string[] }>('/api/datasets')).folders)
    })
  }, [])

  // biome-ignore lint/correctness/useExhaustiveDependencies: read when the folder changes
  useEffect(() => {
    let isCurrent = true
    setReply(undefined)
    if (path) {
      void attempt(async () => {
        const read = await api.get<DatasetReply>(path)
        if (isCurrent) setReply(read)
      })
    }
    return () => {
      isCurrent = false
    }
  }, [path])

  return {
    ...{ folders, reply, busy },
    async load({ check = false } = {}) {
      if (!path) return
      const read = await attempt(() => api.get<DatasetReply>(check ? `${path}?check=true` : path))
      if (read) setReply(read)
    },
    async save(captions) {
      if (!path) return false
      const read = await attempt(() => api.put<DatasetReply>(`${path}/captions`, { captions }))
      if (read) setReply((former) => ({ ...read, findings: former?.findings ?? [] }))
      return read !== undefined
    },
  }
}
