const words = {
  waiting: 'stateWaiting',
  running: 'stateRunning',
  done: 'stateDone',
  failed: 'stateFailed',
  cancelled: 'stateCancelled',
  cached: 'stateCached',
  skipped: 'stateSkipped',
} as const

/** The key of the word for a state of a run or a node. */
export function stateWord(state: keyof typeof words): (typeof words)[keyof typeof words] {
  return words[state]
}
