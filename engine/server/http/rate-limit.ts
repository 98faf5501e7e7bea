/** Says whether one more request of an address may pass now. */
export interface RateLimit {
  /** False where it has used up what it had; then `waitSeconds` says when to try again. */
  take(address: string): boolean
  readonly waitSeconds: number
}

/** Addresses remembered at most; those that have all their tokens back are forgotten first. */
const mostAddresses = 10_000

/** A bucket of `burst` tokens an address, filled by `perSecond`. `clock` in milliseconds. */
export function createRateLimit(
  { burst, perSecond }: { readonly burst: number; readonly perSecond: number },
  clock: () => number,
): RateLimit {
  const buckets = new Map<string, { tokens: number; time: number }>()
  const tokensAt = (bucket: { tokens: number; time: number }, now: number) =>
    Math.min(burst, bucket.tokens + ((now - bucket.time) / 1000) * perSecond)
  const forget = (now: number) => {
    for (const [address, bucket] of buckets) {
      if (tokensAt(bucket, now) >= burst) buckets.delete(address)
    }
    if (buckets.size >= mostAddresses) buckets.clear()
  }
  return {
    waitSeconds: Math.max(1, Math.ceil(1 / perSecond)),
    take(address) {
      const now = clock()
      if (buckets.size >= mostAddresses && !buckets.has(address)) forget(now)
      const bucket = buckets.get(address) ?? { tokens: burst, time: now }
      const tokens = tokensAt(bucket, now)
      const may = tokens >= 1
      buckets.set(address, { tokens: may ? tokens - 1 : tokens, time: now })
      return may
    },
  }
}
