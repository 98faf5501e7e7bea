import { z } from 'zod'

/** Files that workflows name, with what is known of them. */
export const assetKind = z.enum(['checkpoints', 'loras', 'vae', 'embeddings', 'input', 'output'])
export type AssetKind = z.output<typeof assetKind>

export const asset = z.object({
  kind: assetKind,
  /** As a param names it: relative to its folder, with `/`. */
  name: z.string(),
  bytes: z.number(),
  modified: z.number(),
  /** `sd15`, where the header tells. */
  family: z.string().optional(),
  title: z.string().optional(),
  tags: z.array(z.string()),
  notes: z.string().optional(),
  licence: z.string().optional(),
  /** Words that wake a LoRA. */
  triggers: z.array(z.string()),
  /** Ratio that a LoRA is used at. */
  ratio: z.number().optional(),
  /** SHA-256, once it was worked out. */
  sha256: z.string().optional(),
  /** True where `/api/library/KIND/thumbnail/NAME` has a picture. */
  thumbnail: z.boolean(),
  /** Why the file cannot be used, in a sentence. */
  fault: z.string().optional(),
  /** Pictures: pixels. */
  width: z.number().optional(),
  height: z.number().optional(),
})
export type Asset = z.output<typeof asset>

/** `GET /api/library/KIND/item/NAME`: the asset and its training metadata. */
export const assetDetail = asset.extend({
  metadata: z.record(z.string(), z.string()),
})
export type AssetDetail = z.output<typeof assetDetail>

/** `PATCH /api/library/KIND/item/NAME`. */
export const assetChange = z.strictObject({
  title: z.string().max(200).optional(),
  tags: z.array(z.string().min(1).max(60)).max(50).optional(),
  notes: z.string().max(10_000).optional(),
  licence: z.string().max(500).optional(),
  triggers: z.array(z.string().min(1).max(200)).max(50).optional(),
  ratio: z.number().min(-10).max(10).optional(),
})
export type AssetChange = z.output<typeof assetChange>

export const assetFilter = z.object({
  text: z.string().optional().describe('words in name, title, tags, triggers, notes'),
  tag: z.string().optional(),
  family: z.string().optional(),
  order: z.enum(['name', 'newest', 'size']).default('name'),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

export const assetList = z.object({ total: z.number(), assets: z.array(asset) })

/** What a thing came from and what came from it. */
export const lineage = z.object({
  nodes: z.array(
    z.object({
      /** `run:ID`, `output:NAME`, `loras:NAME`, `checkpoints:NAME`, `input:FOLDER`. */
      id: z.string(),
      kind: z.enum(['run', 'picture', 'lora', 'checkpoint', 'dataset', 'file']),
      title: z.string(),
      time: z.number().optional(),
    }),
  ),
  /** From cause to effect. */
  links: z.array(z.object({ from: z.string(), to: z.string() })),
})
export type Lineage = z.output<typeof lineage>
