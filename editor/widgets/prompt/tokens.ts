import { useEffect, useState } from 'react'
import { ApiError, api } from '../../link/api.ts'

/** `POST /api/tokens {text}`: how many tokens, and where in the text a chunk of 75 ends. */
export interface TokenCount {
  readonly count: number
  readonly chunks: number
  /** Places in the text, in UTF-16 units. */
  readonly borders?: readonly number[]
}

/**
 * The count of a text by the engine's own tokenizer, a moment after typing rests. Undefined until
 * it is known, and where the server has no such route: nothing is guessed.
 */
export function useTokenCount(text: string): TokenCount | undefined {
  const [known, setKnown] = useState<{ readonly text: string; readonly count: TokenCount }>()
  useEffect(() => {
    const stop = new AbortController()
    const wait = setTimeout(async () => {
      try {
        const { signal } = stop
        const count = await api.post<TokenCount>('/api/tokens', { text }, { signal })
        if (typeof count?.count === 'number') setKnown({ text, count })
      } catch (error) {
        if (!(error instanceof ApiError) && !stop.signal.aborted) throw error
      }
    }, 250)
    return () => {
      clearTimeout(wait)
      stop.abort()
    }
  }, [text])
  return known?.text === text ? known.count : undefined
}
