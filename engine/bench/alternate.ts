import type { Measured } from './figures.ts'

/**
 * Times variants in turn, round after round, so that whatever else the machine does falls on all of
 * them alike. Each variant runs once before, unmeasured.
 */
export async function alternate<Name extends string>(
  variants: Readonly<Record<Name, () => Promise<unknown>>>,
  rounds: number,
  clock: () => number,
): Promise<Record<Name, number[]>> {
  const entries = Object.entries(variants) as [Name, () => Promise<unknown>][]
  const times = Object.fromEntries(entries.map(([name]) => [name, []])) as unknown as Record<
    Name,
    number[]
  >
  for (let round = -1; round < rounds; round++) {
    for (const [name, act] of entries) {
      const begun = clock()
      await act()
      if (round >= 0) times[name].push(clock() - begun)
    }
  }
  return times
}

/** The median of `times`. */
export function median(times: readonly number[]): Measured {
  const sorted = times.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN
  const high = sorted[Math.floor(middle)] ?? Number.NaN
  return { value: (low + high) / 2, samples: times }
}

/** The median of the ratios within each round. */
export function ratioOf(times: readonly number[], base: readonly number[]): Measured {
  return median(times.map((time, round) => time / base[round]!))
}
