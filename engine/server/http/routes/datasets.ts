import { z } from 'zod'
import { captionChange, datasetFolders, datasetReply } from '../../../protocol/index.ts'
import type { ServerContext } from '../context.ts'
import { param, type Route, route } from '../route.ts'

/** Folders of training pictures and their captions. */
export function datasetRoutes({ datasets }: ServerContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/datasets',
      title: 'Folders of pictures below the input folder',
      reply: datasetFolders,
      handle: async () => {
        const found = await datasets.list()
        return {
          folders: found.map(({ folder }) => folder),
          pictures: Object.fromEntries(found.map(({ folder, pictures }) => [folder, pictures])),
        }
      },
    }),
    route({
      method: 'get',
      path: '/api/datasets/{folder+}',
      title: 'A folder with captions, buckets and crops; with check=true what the doctor finds',
      query: z.object({ check: z.enum(['true', 'false']).default('false') }),
      reply: datasetReply,
      handle: (call) => {
        const folder = param(call, 'folder')
        return call.query.check === 'true' ? datasets.check(folder) : datasets.read(folder)
      },
    }),
    route({
      method: 'put',
      path: '/api/datasets/{folder+}/captions',
      title: 'Write captions: {"captions": {"cat.png": "a cat"}}',
      body: captionChange,
      reply: datasetReply,
      handle: async (call) => {
        const folder = param(call, 'folder')
        await datasets.writeCaptions(folder, call.body.captions)
        return await datasets.read(folder)
      },
    }),
  ]
}
