/** How fast a run goes. */
export interface Pace {
  /** A step begins. */
  begin(): void
  /** Loads a batch; its time counts as loading. */
  loading<Value>(load: () => Promise<Value>): Promise<Value>
  /** A step of so many samples has ended; `left` are to come. */
  end(samples: number, left: number): PaceFigures
}

/** Figures of the steps so far. */
export interface PaceFigures {
  readonly samplesPerSecond: number
  readonly secondsLeft: number
  readonly loadingShare: number
}

/** Steps over which the pace is taken; the first one, which builds programs, soon drops out. */
const pacedSteps = 20

/** Times steps by a clock in milliseconds. */
export function createPace(now: () => number): Pace {
  const steps: { readonly seconds: number; readonly loading: number; readonly samples: number }[] =
    []
  let begun = now()
  let loading = 0
  return {
    begin() {
      begun = now()
      loading = 0
    },
    async loading(load) {
      const from = now()
      const value = await load()
      loading += now() - from
      return value
    },
    end(samples, left) {
      steps.push({ seconds: (now() - begun) / 1000, loading: loading / 1000, samples })
      if (steps.length > pacedSteps) steps.shift()
      const seconds = sumOf(steps.map((step) => step.seconds))
      const all = sumOf(steps.map((step) => step.samples))
      return {
        samplesPerSecond: seconds > 0 ? all / seconds : 0,
        secondsLeft: (seconds / steps.length) * left,
        loadingShare: seconds > 0 ? sumOf(steps.map((step) => step.loading)) / seconds : 0,
      }
    },
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
