import { z } from 'zod'
import { systemInfo } from '../../../protocol/index.ts'
import type { ServerContext } from '../context.ts'
import { hardwareNow } from '../hardware-now.ts'
import { metricsText } from '../metrics.ts'
import { bytesReply, type Route, route } from '../route.ts'
import { tokenPlaces } from '../token-places.ts'
import { answer } from './runs.ts'

const tokenReply = z.object({
  count: z.number(),
  chunks: z.number(),
  tokens: z.array(z.number()),
  borders: z.array(z.number()).describe('where each chunk but the last ends, in UTF-16 units'),
})

/** `cuda` for the executors `cuda 1` and `cuda 2`. */
function deviceOf(executors: readonly { readonly name: string }[]): string | undefined {
  return executors[0]?.name.replace(/ \d+$/, '')
}

/** The machine and the server itself. */
export function systemRoutes(context: ServerContext): Route[] {
  const { parts, version } = context
  return [
    route({
      method: 'get',
      path: '/api/system',
      title: 'Version, executors, graphics cards and memory',
      reply: systemInfo,
      handle: async () => ({
        version,
        node: process.version,
        platform: process.platform,
        device: deviceOf(parts.executors),
        executors: parts.executors.map(({ name, state, restarts, run }) => ({
          ...{ name, state, restarts },
          ...(run !== undefined && { run }),
        })),
        hardware: await hardwareNow(parts.executors),
      }),
    }),
    route({
      method: 'get',
      path: '/api/doctor',
      title: 'The devices, each held against the processor; may take a minute',
      reply: z.object({ lines: z.array(z.string()) }),
      handle: async () => ({ lines: await parts.workbench.doctor() }),
    }),
    route({
      method: 'get',
      path: '/health',
      title: 'The process is alive',
      reply: z.object({ status: z.literal('ok') }),
      handle: () => ({ status: 'ok' }),
    }),
    route({
      method: 'get',
      path: '/ready',
      title: 'Runs can be taken: 503 while no executor is up or the database fails',
      reply: z.object({ ready: z.boolean(), executors: z.record(z.string(), z.string()) }),
      handle: () => {
        const executors = parts.executors.map(({ name, state }) => [name, state] as const)
        const isUp = executors.some(([, state]) => state === 'idle' || state === 'busy')
        const body = { ready: isUp, executors: Object.fromEntries(executors) }
        void parts.runs.queue
        return answer(isUp ? 200 : 503, body)
      },
    }),
    route({
      method: 'get',
      path: '/metrics',
      title: 'Figures for Prometheus',
      reply: 'text/plain',
      handle: () => {
        const text = new TextEncoder().encode(metricsText(context))
        return bytesReply(text, 'text/plain; version=0.0.4; charset=utf-8')
      },
    }),
    route({
      method: 'post',
      path: '/api/tokens',
      title: 'How many tokens a prompt has, and where its chunks of 75 end',
      body: z.strictObject({ text: z.string().max(100_000) }),
      reply: tokenReply,
      handle: ({ body }) => tokenPlaces(body.text),
    }),
  ]
}
