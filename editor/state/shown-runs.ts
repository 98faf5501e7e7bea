import type { RunDetail } from '../../engine/protocol/runs.ts'
import { api } from '../link/api.ts'
import { runs } from './stores.ts'

/** Which run each document of this tab shows: outlives a reload of the page. */

const key = 'mazeru.shown'

/** Takes up what was shown before the page was loaded, and keeps what is shown from here on. */
export function keepShownRuns(): void {
  const { sessionStorage } = globalThis
  const former = read(sessionStorage?.getItem(key))
  runs.setState(({ shown }) => ({ shown: new Map([...former, ...shown]) }))
  runs.subscribe(({ shown }, { shown: before }) => {
    if (shown !== before) sessionStorage?.setItem(key, JSON.stringify([...shown]))
  })
  for (const run of new Set(former.map(([, id]) => id))) void fetchStates(run)
}

/** States of a run that has ended are in no snapshot; a run that is gone shows nothing. */
async function fetchStates(id: string): Promise<void> {
  const path = `/api/runs/${encodeURIComponent(id)}`
  const detail = await api.get<RunDetail>(path).catch(() => undefined)
  if (!detail) return
  const { workflow: _, nodeStatus, results: __, ...info } = detail
  runs.setState(({ runs: list, nodes }) => ({
    runs: list.has(id) ? list : new Map(list).set(id, info),
    nodes: nodes.has(id) ? nodes : new Map(nodes).set(id, new Map(Object.entries(nodeStatus))),
  }))
}

function read(text: string | null | undefined): readonly (readonly [string, string])[] {
  try {
    const pairs: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(pairs) ? pairs : []
  } catch {
    return []
  }
}
