/** Watches whether a process still answers. */
export interface Heartbeat {
  /** To be called at every sign of life. */
  heard(): void
  end(): void
}

export interface HeartbeatOptions {
  /** Milliseconds of silence after which the process is given up. */
  readonly patience: number
  readonly ping: () => void
  readonly onSilence: () => void
}

/** Longest time between two questions, in milliseconds. */
const longestPause = 5000

/**
 * Asks at intervals and counts how long nothing was heard. Time in which this process itself
 * slept or was busy counts as one interval at most, so that nobody is blamed for it.
 */
export function startHeartbeat({ patience, ping, onSilence }: HeartbeatOptions): Heartbeat {
  const pause = Math.max(1, Math.min(longestPause, patience / 4))
  let silent = 0
  const timer = setInterval(() => {
    silent += pause
    if (silent <= patience) ping()
    else {
      clearInterval(timer)
      onSilence()
    }
  }, pause)
  timer.unref()
  return {
    heard() {
      silent = 0
    },
    end: () => clearInterval(timer),
  }
}
