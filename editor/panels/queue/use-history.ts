import { useEffect, useState } from 'react'
import { useStore } from 'zustand'
import type { RunInfo } from '../../../engine/protocol/runs.ts'
import { api } from '../../link/api.ts'
import { told } from '../../shell/deeds.ts'
import { runs } from '../../state/stores.ts'

/** What of the history is shown. */
export interface HistoryFilter {
  /** One state; empty for all that have ended. */
  readonly state: string
  readonly text: string
  /** Name of a document; empty for all. */
  readonly document: string
  /** Not older than so many hours; 0 for all. */
  readonly hours: number
}

const limit = 50
const hour = 3_600_000
const wait = 200

/** The query of a page of the history. */
export function historyQuery(filter: HistoryFilter, now: number, before?: string): string {
  const { state, text, document, hours } = filter
  return new URLSearchParams({
    state: state || 'done,failed,cancelled',
    limit: String(limit),
    ...(text && { text }),
    ...(document && { document }),
    ...(hours > 0 && { since: String(now - hours * hour) }),
    ...(before !== undefined && { before }),
  }).toString()
}

/** Runs that have ended, newest first, asked anew when one ends. */
export function useHistory(filter: HistoryFilter): {
  readonly list: readonly RunInfo[]
  readonly more: (() => void) | undefined
} {
  const [list, setList] = useState<readonly RunInfo[]>([])
  const [whole, setWhole] = useState(true)
  const { state, text, document, hours } = filter
  const ended = useStore(runs, ({ runs: all }) => {
    const past = [...all.values()].filter(({ ended: end, live }) => end !== undefined && !live)
    return past.map(({ id }) => id).join()
  })
  const fetchPage = async (before?: string) => {
    const query = historyQuery({ state, text, document, hours }, Date.now(), before)
    const page = (await api.get<{ runs: RunInfo[] }>(`/api/runs?${query}`)).runs
    setWhole(page.length < limit)
    return page
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when one more has ended
  useEffect(() => {
    const timer = setTimeout(() => void told(async () => setList(await fetchPage())), wait)
    return () => clearTimeout(timer)
  }, [state, text, document, hours, ended])
  const more = () =>
    void told(async () => {
      const added = await fetchPage(list.at(-1)?.id)
      setList((former) => [...former, ...added])
    })
  return { list, more: whole ? undefined : more }
}
