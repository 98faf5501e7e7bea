/**
 * Sigmas found by search to suit ten steps of a family; other counts are interpolated in log sigma.
 * Source of the numbers: Sabour et al. 2024, "Align Your Steps" (arXiv 2404.14507).
 */
export const alignedLevels = {
  sd15: [
    14.6146412293, 6.4745760956, 3.8636745985, 2.694615152, 1.8841921177, 1.3943805092,
    0.9642583904, 0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582,
  ],
  sdxl: [
    14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141,
    0.5550693289, 0.3798540708, 0.2332364134, 0.1114188177, 0.0291671582,
  ],
} as const

/** `steps + 1` sigmas through the levels, the last one 0. */
export function alignedSigmas(levels: readonly number[], steps: number): number[] {
  const logs = levels.map(Math.log)
  return Array.from({ length: steps }, (_, i) => {
    const position = (i / steps) * (logs.length - 1)
    const low = Math.floor(position)
    const from = logs[low] as number
    return Math.exp(from + (position - low) * ((logs[low + 1] as number) - from))
  }).concat(0)
}
