import { z } from 'zod'
import { asset } from '../../../protocol/index.ts'
import type { ServerContext } from '../context.ts'
import { type Route, route } from '../route.ts'

const galleryEntry = asset.extend({
  run: z.string(),
  node: z.string(),
  document: z.string().optional(),
  time: z.number(),
})

/** Pictures that runs have saved, newest first. */
export function pictureRoutes({ parts: { runs, library } }: ServerContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/pictures',
      title: 'The gallery: saved pictures with the run that made each',
      query: z.object({
        text: z.string().max(500).optional().describe('in the name or in that of the document'),
        before: z.string().max(1000).optional().describe('the last file of the former page'),
        limit: z.coerce.number().int().min(1).max(200).default(60),
        run: z.string().optional(),
      }),
      reply: z.object({
        pictures: z.array(galleryEntry),
        next: z.string().optional().describe('`before` of the next page'),
      }),
      handle: async ({ query }) => {
        const rows = runs.pictures(query)
        const pictures = await Promise.all(
          rows.map(async ({ file, ...row }) => {
            const found = await library.detail('output', file).catch(() => undefined)
            if (!found) return undefined
            const { metadata: _, ...known } = found
            return { ...known, ...row }
          }),
        )
        const next = rows.length === query.limit ? rows.at(-1)?.file : undefined
        return { pictures: pictures.filter((one) => one !== undefined), ...(next && { next }) }
      },
    }),
  ]
}
