import { clipTokenizer } from '../../models/tokenizer.ts'
import { type Finding, finding } from './findings.ts'
import type { DoctorOptions } from './options.ts'

/** What is known of a picture's caption. */
export interface CaptionFacts {
  readonly path: string
  readonly caption: string
  /** Whether there is a caption of its own, be it an empty one. */
  readonly hasCaption: boolean
  /** Tokens, begin and end not counted. */
  readonly tokens: number
}

/** Number of CLIP tokens of a text, begin and end not counted. */
export function tokensOf(text: string): number {
  return clipTokenizer().encode(text).length
}

/** What is wrong with one caption. */
export function captionFindings(facts: CaptionFacts, options: DoctorOptions): Finding[] {
  const { path, caption, hasCaption, tokens } = facts
  if (!hasCaption) {
    return [
      finding(
        'missing-caption',
        [path],
        `${path}: no caption found, a text expected`,
        'put a text of the same name beside the picture, or give classTokens',
      ),
    ]
  }
  if (caption.trim() === '') {
    return [
      finding(
        'empty-caption',
        [path],
        `${path}: the caption is empty, a text expected`,
        'describe what should not belong to the concept',
      ),
    ]
  }
  const found: Finding[] = []
  const length = [...caption].length
  if (length > options.maxCaption) {
    const expected = `at most ${options.maxCaption} expected`
    found.push(
      finding(
        'long-caption',
        [path],
        `${path}: the caption has ${length} characters, ${expected}`,
        'look whether another text got into the file; keep a sentence or some tags',
      ),
    )
  }
  if (tokens > options.maxTokens) {
    const unread = unreadEnd(caption, options.maxTokens)
    found.push(
      finding(
        'caption-tokens',
        [path],
        `${path}: the caption has ${tokens} tokens, at most ${options.maxTokens} are read; ` +
          `unread is "${unread}"`,
        'shorten it, put what matters first, or raise maxTokenLength',
      ),
    )
  }
  return found
}

/** The text that the tokens beyond the limit come from, shortened to 60 characters. */
function unreadEnd(caption: string, limit: number): string {
  const tokenizer = clipTokenizer()
  const unread = tokenizer.decode(tokenizer.encode(caption).slice(limit))
  const letters = [...unread.replaceAll(/\s+/g, ' ')]
  return letters.length > 60 ? `${letters.slice(0, 57).join('')}...` : letters.join('')
}
