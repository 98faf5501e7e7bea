import { z } from 'zod'
import {
  documentInfo,
  documentReply,
  documentSave,
  documentVersions,
  templateInfo,
} from '../../../protocol/index.ts'
import type { ServerContext } from '../context.ts'
import { notFound } from '../errors.ts'
import { bytesReply, param, type Route, route } from '../route.ts'
import { workflowFrom } from '../workflow-body.ts'

/** Workflow files of the workflow folder, and templates. */
export function workflowRoutes(context: ServerContext): Route[] {
  const { documents } = context.parts
  const present = async (name: string) => {
    const document = await documents.read(name)
    if (!document) throw notFound('workflow', name)
    return document
  }
  return [
    route({
      method: 'get',
      path: '/api/workflows',
      title: 'Saved workflows',
      reply: z.object({ workflows: z.array(documentInfo) }),
      handle: async () => ({ workflows: await documents.list() }),
    }),
    route({
      method: 'get',
      path: '/api/workflows/{name+}/versions',
      title: 'Former states of a workflow that are kept, newest first; of a removed one too',
      reply: documentVersions,
      handle: async (call) => {
        const name = param(call, 'name')
        const own = await documents.read(`${name}/versions`)
        if (own) return own
        const versions = await documents.versions(name)
        if (versions.length === 0) await present(name)
        return { versions }
      },
    }),
    route({
      method: 'get',
      path: '/api/workflows/{name+}/versions/{revision}',
      title: 'A former state of a workflow; to go back to it, save it',
      reply: documentReply,
      handle: async (call) => {
        const [name, revision] = [param(call, 'name'), param(call, 'revision')]
        const own = await documents.read(`${name}/versions/${revision}`)
        if (own) return own
        const workflow = /^\d{1,15}$/.test(revision)
          ? await documents.version(name, Number(revision))
          : undefined
        if (!workflow) throw notFound('version', `${name}, ${revision}`)
        return { name, revision: Number(revision), workflow }
      },
    }),
    route({
      method: 'get',
      path: '/api/workflows/{name+}',
      title: 'A saved workflow with its revision',
      reply: documentReply,
      handle: (call) => present(param(call, 'name')),
    }),
    route({
      method: 'put',
      path: '/api/workflows/{name+}',
      title: 'Save a workflow; 409 with the present one where the revision is stale',
      body: documentSave,
      reply: documentReply,
      handle: (call) => {
        const { revision, workflow } = call.body
        return documents.save(param(call, 'name'), revision, workflowFrom(workflow, context))
      },
    }),
    route({
      method: 'delete',
      path: '/api/workflows/{name+}',
      title: 'Remove a workflow',
      reply: z.object({ removed: z.boolean() }),
      handle: async (call) => {
        const name = param(call, 'name')
        if (!(await documents.remove(name))) throw notFound('workflow', name)
        return { removed: true }
      },
    }),
    route({
      method: 'post',
      path: '/api/workflows/{name+}/rename',
      title: 'Give a workflow another name',
      body: z.strictObject({ to: z.string().min(1).max(200) }),
      reply: documentReply,
      handle: async (call) => {
        const { name } = await present(param(call, 'name'))
        return await documents.rename(name, call.body.to)
      },
    }),
    route({
      method: 'get',
      path: '/api/templates',
      title: 'Workflows that come along',
      reply: z.object({ templates: z.array(templateInfo) }),
      handle: async () => ({ templates: await documents.templates() }),
    }),
    route({
      method: 'get',
      path: '/api/templates/{name+}',
      title: 'A workflow that comes along',
      reply: z.object({ name: z.string(), workflow: z.record(z.string(), z.unknown()) }),
      handle: async (call) => {
        const name = param(call, 'name')
        const workflow = await documents.template(name)
        if (!workflow) throw notFound('template', name)
        return { name, workflow }
      },
    }),
    route({
      method: 'get',
      path: '/api/template-pictures/{name+}',
      title: 'What a workflow that comes along makes',
      reply: 'image/webp',
      handle: async (call) => {
        const name = param(call, 'name')
        const bytes = await documents.templatePicture(name)
        if (!bytes) throw notFound('template', name)
        return bytesReply(bytes, 'image/webp', { 'Cache-Control': 'private, max-age=3600' })
      },
    }),
  ]
}
