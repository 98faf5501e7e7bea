import type { Asset } from '../../../engine/protocol/library.ts'

/** What can be filled in at the caret of a prompt: LoRAs, embeddings, trigger words. */

/** One offer: `insert` takes the place of the text from `from` to the caret. */
export interface Offer {
  readonly insert: string
  readonly label: string
  readonly kind: 'lora' | 'embedding' | 'trigger'
}

export interface Completion {
  readonly from: number
  readonly offers: readonly Offer[]
}

/** What is known of the files. */
export interface Known {
  readonly loras: readonly Pick<Asset, 'name' | 'triggers' | 'ratio'>[]
  readonly embeddings: readonly Pick<Asset, 'name'>[]
}

const most = 12
const none: Completion = { from: 0, offers: [] }

interface Rule {
  /** At the end of what stands before the caret; the first group is what was typed. */
  readonly pattern: RegExp
  readonly offers: (known: Known) => readonly Offer[]
}

const rules: readonly Rule[] = [
  {
    pattern: /<lora:([^<>:\n]*)$/i,
    offers: ({ loras }) =>
      loras.map(({ name, ratio = 1 }) => {
        const short = bare(name)
        return { insert: `<lora:${short}:${ratio}>`, label: short, kind: 'lora' }
      }),
  },
  {
    pattern: /embedding:([^\s,:()<>]*)$/i,
    offers: ({ embeddings }) =>
      embeddings.map(({ name }) => {
        return { insert: `embedding:${bare(name)}`, label: bare(name), kind: 'embedding' }
      }),
  },
  {
    pattern: /(?:^|[\s,(])([\p{L}\p{N}_-]{2,})$/u,
    offers: ({ loras, embeddings }) => [
      ...[...new Set(loras.flatMap(({ triggers }) => triggers))].map((word) => {
        return { insert: word, label: word, kind: 'trigger' } as const
      }),
      ...embeddings.map(({ name }) => {
        return { insert: `embedding:${bare(name)}`, label: bare(name), kind: 'embedding' } as const
      }),
    ],
  },
]

/** The offers at a caret: names that begin with what was typed first, then those that hold it. */
export function completionAt(text: string, caret: number, known: Known): Completion {
  const before = text.slice(0, caret)
  for (const { pattern, offers } of rules) {
    const match = pattern.exec(before)
    if (!match) continue
    const typed = match[1]!
    const start = match[0].toLowerCase().search(/<lora:|embedding:/)
    const from = start >= 0 ? match.index + start : caret - typed.length
    const ranked = ranking(offers(known), typed)
    const done = ranked.length === 1 && ranked[0]!.insert === before.slice(from)
    return done ? none : { from, offers: ranked.slice(0, most) }
  }
  return none
}

/** The text with an offer filled in, and where the caret is then. */
export function completed(
  text: string,
  caret: number,
  from: number,
  { insert }: Offer,
): { readonly text: string; readonly caret: number } {
  // What closes a name that was completed in the middle is not written twice.
  const rest = text.slice(caret)
  const after = insert.endsWith('>') ? rest.replace(/^[^<>,\n]*>/, '') : rest
  return { text: text.slice(0, from) + insert + after, caret: from + insert.length }
}

function ranking(offers: readonly Offer[], typed: string): Offer[] {
  const wanted = plain(typed)
  const score = ({ label }: Offer) => {
    const at = plain(label).indexOf(wanted)
    return at < 0 ? 0 : at === 0 ? 2 : 1
  }
  return offers.filter((offer) => score(offer) > 0).sort((a, b) => score(b) - score(a))
}

function bare(name: string): string {
  return name.replace(/\.(safetensors|pt|bin|ckpt)$/i, '')
}

function plain(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}
