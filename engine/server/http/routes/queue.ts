import { z } from 'zod'
import { queueInfo } from '../../../protocol/index.ts'
import type { ServerContext } from '../context.ts'
import { type Route, route } from '../route.ts'

/** The queue as a whole. */
export function queueRoutes({ parts: { runs } }: ServerContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/queue',
      title: 'How many runs wait, and which run',
      reply: queueInfo,
      handle: () => runs.queue,
    }),
    route({
      method: 'post',
      path: '/api/queue',
      title: 'Pause the queue or let it go on',
      body: z.strictObject({ paused: z.boolean() }),
      reply: queueInfo,
      handle: ({ body }) => {
        runs.pause(body.paused)
        return runs.queue
      },
    }),
  ]
}
