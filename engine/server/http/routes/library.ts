import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { Readable } from 'node:stream'
import { z } from 'zod'
import {
  asset,
  assetChange,
  assetDetail,
  assetFilter,
  assetKind,
  assetList,
  lineage,
} from '../../../protocol/index.ts'
import type { ServerContext } from '../context.ts'
import { HttpError, notFound } from '../errors.ts'
import { bytesReply, type Call, param, parsed, type Route, route } from '../route.ts'
import { uploadOf } from '../upload-body.ts'
import { answer } from './runs.ts'

const pictureTypes: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
}

/** Files that workflows name. */
export function libraryRoutes(context: ServerContext): Route[] {
  const { library } = context.parts
  const kindOf = (call: Call) => parsed('kind', assetKind, param(call, 'kind'))
  const pictureKind = (call: Call) =>
    parsed('kind', assetKind.extract(['input', 'output']), param(call, 'kind'))
  return [
    route({
      method: 'get',
      path: '/api/library/{kind}',
      title: 'Files of a kind',
      query: assetFilter,
      reply: assetList,
      handle: (call) => library.list(kindOf(call), call.query),
    }),
    route({
      method: 'get',
      path: '/api/library/{kind}/item/{name+}',
      title: 'A file with its training metadata',
      reply: assetDetail,
      handle: async (call) => {
        const name = param(call, 'name')
        const found = await library.detail(kindOf(call), name)
        if (!found) throw notFound(kindOf(call), name)
        return found
      },
    }),
    route({
      method: 'patch',
      path: '/api/library/{kind}/item/{name+}',
      title: 'Change title, tags, notes, trigger words and so on',
      body: assetChange,
      reply: asset,
      handle: async (call) => {
        const [kind, name] = [kindOf(call), param(call, 'name')]
        if ((await library.path(kind, name)) === undefined) throw notFound(kind, name)
        return await library.change(kind, name, call.body)
      },
    }),
    route({
      method: 'delete',
      path: '/api/library/{kind}/item/{name+}',
      title: 'Remove a file',
      reply: z.object({ removed: z.boolean() }),
      handle: async (call) => {
        const [kind, name] = [kindOf(call), param(call, 'name')]
        if (!(await library.remove(kind, name))) throw notFound(kind, name)
        return { removed: true }
      },
    }),
    route({
      method: 'put',
      path: '/api/library/{kind}/upload/{name+}',
      title: 'Upload a file as the raw body; a taken name gets a number',
      reply: asset,
      handle: async (call) => {
        const maxBytes = context.limits.upload
        const kind = kindOf(call)
        const body = uploadOf(call, maxBytes)
        try {
          return answer(
            201,
            await library.upload(kind, param(call, 'name'), body.stream, { maxBytes }),
          )
        } catch (thrown) {
          throw body.refusal ?? thrown
        } finally {
          body.end()
        }
      },
    }),
    route({
      method: 'get',
      path: '/api/library/{kind}/thumbnail/{name+}',
      title: 'A small picture of a file',
      reply: 'image/webp',
      handle: async (call) => {
        const [kind, name] = [kindOf(call), param(call, 'name')]
        const bytes = await library.thumbnail(kind, name)
        if (!bytes) throw notFound(kind, name)
        return bytesReply(bytes, 'image/webp', { 'Cache-Control': 'private, max-age=60' })
      },
    }),
    route({
      method: 'get',
      path: '/api/library/{kind}/file/{name+}',
      title: 'A picture itself',
      reply: 'image/*',
      handle: async (call) => {
        const [kind, name] = [pictureKind(call), param(call, 'name')]
        const type = pictureTypes[extname(name).toLowerCase()]
        const path = type && (await library.path(kind, name))
        if (!type || path === undefined) throw notFound(kind, name)
        const { size, isFile } = await sizeOf(path)
        if (!isFile) throw notFound(kind, name)
        const body = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>
        return new Response(body, {
          headers: {
            'Content-Type': type,
            'Content-Length': String(size),
            'Cache-Control': 'private, max-age=60',
          },
        })
      },
    }),
    route({
      method: 'get',
      path: '/api/library/{kind}/workflow/{name+}',
      title: 'The workflow that a picture carries',
      reply: z.object({ workflow: z.unknown() }),
      handle: async (call) => {
        const [kind, name] = [pictureKind(call), param(call, 'name')]
        if ((await library.path(kind, name)) === undefined) throw notFound(kind, name)
        const workflow = await library.workflowOf(kind, name)
        if (workflow !== undefined) return { workflow }
        throw new HttpError(404, `${name}: carries no workflow, a picture made here expected`)
      },
    }),
    route({
      method: 'post',
      path: '/api/library/{kind}/resolve',
      title: 'Files that may be the missing one: by SHA-256, else by name',
      body: z.strictObject({
        name: z.string().max(1000),
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/i)
          .optional(),
      }),
      reply: z.object({ assets: z.array(asset) }),
      handle: async (call) => {
        const { name, sha256 } = call.body
        const wanted = { name, ...(sha256 !== undefined && { sha256 }) }
        return { assets: await library.resolve(kindOf(call), wanted) }
      },
    }),
    route({
      method: 'get',
      path: '/api/lineage',
      title: 'What a thing came from and what came from it',
      query: z.object({ id: z.string().min(1).max(1000) }),
      reply: lineage,
      handle: ({ query }) => library.lineage(query.id),
    }),
  ]
}

async function sizeOf(path: string): Promise<{ size: number; isFile: boolean }> {
  const found = await stat(path)
  return { size: found.size, isFile: found.isFile() }
}
