import { z } from 'zod'

/** Folders of training pictures below the input folder, as the dataset panel shows them. */
export const datasetEntry = z.object({
  /** Below the dataset's folder. */
  file: z.string(),
  width: z.number(),
  height: z.number(),
  caption: z.string().optional(),
  /** Width and height of the bucket that it would be cut to. */
  bucket: z.tuple([z.number(), z.number()]).optional(),
  /** The part of the picture that is used, in its own pixels. */
  crop: z
    .object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
    .optional(),
})
export type DatasetEntry = z.output<typeof datasetEntry>

export const datasetReply = z.object({
  folder: z.string(),
  entries: z.array(datasetEntry),
  /** Sentences of the doctor by file; those of the whole under the empty name. */
  findings: z.array(
    z.object({ file: z.string().optional(), severity: z.string(), message: z.string() }),
  ),
  /** Comma-separated parts of captions with how many pictures carry them. */
  tags: z.array(z.object({ tag: z.string(), count: z.number() })),
})
export type DatasetReply = z.output<typeof datasetReply>

/** `GET /api/datasets`: names below the input folder, and how many pictures each has. */
export const datasetFolders = z.object({
  folders: z.array(z.string()),
  pictures: z.record(z.string(), z.number()),
})
export type DatasetFolders = z.output<typeof datasetFolders>

/** `PUT /api/datasets/FOLDER/captions`. */
export const captionChange = z.strictObject({
  captions: z.record(z.string(), z.string().max(10_000)),
})
