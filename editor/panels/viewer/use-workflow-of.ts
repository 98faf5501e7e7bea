import { useEffect, useState } from 'react'
import type { RunDetail } from '../../../engine/protocol/runs.ts'
import { api, encodeName } from '../../link/api.ts'
import { isWorkflow } from '../../shell/open-file.ts'
import type { Workflow } from '../../state/types.ts'
import type { ViewedPicture } from './open.ts'

/** The workflow that made a picture: of its run, else what the file carries. */
export function useWorkflowOf(picture: ViewedPicture | undefined): Workflow | undefined {
  const [found, setFound] = useState<Workflow>()
  const { run, file } = picture ?? {}
  useEffect(() => {
    let current = true
    setFound(undefined)
    void workflowOf(run, file).then((workflow) => current && setFound(workflow))
    return () => {
      current = false
    }
  }, [run, file])
  return found
}

async function workflowOf(run?: string, file?: string): Promise<Workflow | undefined> {
  try {
    if (file !== undefined) {
      const path = `/api/library/output/workflow/${encodeName(file)}`
      const reply = await api.get<{ workflow?: unknown }>(path)
      const carried = isWorkflow(reply) ? reply : reply.workflow
      if (isWorkflow(carried)) return carried
    }
  } catch {
    // A picture without a workflow still has its run.
  }
  if (run === undefined) return undefined
  const detail = await api.get<RunDetail>(`/api/runs/${encodeURIComponent(run)}`).catch(() => null)
  return detail ? (detail.workflow as unknown as Workflow) : undefined
}
