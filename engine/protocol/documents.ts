import { z } from 'zod'

/** Workflow files in the workflow folder, and templates that come along. */
export const documentInfo = z.object({
  /** Name below the folder without `.json`. */
  name: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  revision: z.number(),
  modified: z.number(),
  nodes: z.number(),
})
export type DocumentInfo = z.output<typeof documentInfo>

/** `GET /api/workflows/NAME`. */
export const documentReply = z.object({
  name: z.string(),
  revision: z.number(),
  workflow: z.record(z.string(), z.unknown()),
})
export type DocumentReply = z.output<typeof documentReply>

/** `PUT /api/workflows/NAME`. A revision that is not the present one is refused with 409. */
export const documentSave = z.strictObject({
  /** 0 for a new file. */
  revision: z.int().min(0),
  workflow: z.record(z.string(), z.unknown()),
})

/** `GET /api/workflows/NAME/versions`: former states that are kept, newest first. */
export const documentVersions = z.object({
  versions: z.array(
    z.object({
      revision: z.number(),
      /** When it was written, milliseconds since 1970. */
      time: z.number(),
    }),
  ),
})
export type DocumentVersions = z.output<typeof documentVersions>

/** A template: a shipped workflow with a finished picture. */
export const templateInfo = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  /** The same in Japanese, of templates that are known. */
  titleJa: z.string().optional(),
  descriptionJa: z.string().optional(),
  /** Groups in the gallery, such as `illustration`, `training`. */
  tags: z.array(z.string()),
  /** Address of the picture, if it has one. */
  picture: z.string().optional(),
})
export type TemplateInfo = z.output<typeof templateInfo>
