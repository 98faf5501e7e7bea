import { z } from 'zod'

/** Node types as the editor sees them: sockets, params as JSON Schema, nothing that runs. */

const socketInfo = z.object({
  name: z.string(),
  /** As `parseSocketType` reads it: `model<F>`. */
  type: z.string(),
  optional: z.boolean().optional(),
  /** Of outputs: the optional input without which there is no such output. */
  needs: z.string().optional(),
  description: z.string().optional(),
})

const paramInfo = z.object({
  name: z.string(),
  /** JSON Schema with `default`, `minimum`, `enum`, `description` and the meta of the param. */
  schema: z.record(z.string(), z.unknown()),
  /** The type of socket that may feed it; absent where none may. */
  socket: z.string().optional(),
  /** The folder, where it names a file or a list of files: `loras`. */
  file: z.string().optional(),
})

/** One node type. */
export const nodeInfo = z.object({
  type: z.string(),
  version: z.number(),
  title: z.string(),
  category: z.string(),
  description: z.string(),
  purity: z.enum(['pure', 'seeded', 'impure']),
  live: z.boolean(),
  sink: z.boolean(),
  inputs: z.array(socketInfo),
  params: z.array(paramInfo),
  outputs: z.array(socketInfo),
  /** Sockets and params that come any number of times: `lora1`, `ratio1`, `lora2` … */
  repeat: z
    .object({
      inputs: z.array(socketInfo),
      params: z.array(paramInfo),
      min: z.number(),
      max: z.number(),
    })
    .optional(),
})

/** `GET /api/catalogue`. */
export const catalogueReply = z.object({ nodes: z.array(nodeInfo) })

export type SocketInfo = z.output<typeof socketInfo>
export type ParamInfo = z.output<typeof paramInfo>
export type NodeInfo = z.output<typeof nodeInfo>
