import { specEntries } from './model-spec.ts'

/** What a person says of a LoRA when it is saved. Empty texts say nothing. */
export interface LoraDescription {
  /** Of the file, without ending. */
  readonly name: string
  readonly title?: string | undefined
  readonly author?: string | undefined
  readonly description?: string | undefined
  readonly licence?: string | undefined
  readonly triggerWords?: readonly string[] | undefined
  readonly tags?: readonly string[] | undefined
  readonly usageHint?: string | undefined
  readonly comment?: string | undefined
}

/** A checkpoint by name and hashes, as a file of metadata has them. */
export interface DescribedBase {
  readonly name: string
  readonly hashes?: { readonly sha256: string; readonly short: string } | undefined
}

/** The metadata of a LoRA with what is said of it now; what is not said stays as it was. */
export function describedMetadata(
  metadata: Readonly<Record<string, string>>,
  description: LoraDescription,
  base?: DescribedBase,
): Record<string, string> {
  const { name, title, author, licence, triggerWords, tags, usageHint, comment } = description
  return {
    'modelspec.sai_model_spec': '1.0.0',
    'modelspec.title': name,
    ...metadata,
    ...specEntries({
      title,
      author,
      description: description.description,
      license: licence,
      trigger_phrase: triggerWords?.join(', '),
      tags: tags?.join(', '),
      usage_hint: usageHint,
    }),
    ss_output_name: name,
    ...(comment && { ss_training_comment: comment }),
    ...(base && { ss_sd_model_name: base.name }),
    ...(base?.hashes && {
      ss_sd_model_hash: base.hashes.short,
      ss_new_sd_model_hash: base.hashes.sha256,
    }),
  }
}
