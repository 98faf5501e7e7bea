/** What a person may ask of a running training; looked at before every step. */
export interface TrainingControls {
  /** Saves and ends the run. */
  readonly stop: boolean
  /** Each new number asks for weights and a state once. */
  readonly saveNow: number
  /** Each new number asks for samples once. */
  readonly sampleNow: number
  /** Multiplies every learning rate from the next step on. */
  readonly rateFactor: number
}

/** What is to be done before the next step. */
export interface ControlOrder {
  readonly stop: boolean
  readonly save: boolean
  readonly sample: boolean
  readonly rateFactor: number
}

/** Nothing asked for. */
export const noControls: TrainingControls = { stop: false, saveNow: 0, sampleNow: 0, rateFactor: 1 }

/** Turns numbers that go up into orders that are given once. */
export function controlReader(first: TrainingControls): (now: TrainingControls) => ControlOrder {
  let seen = first
  return (now) => {
    const order = {
      stop: now.stop,
      save: now.saveNow !== seen.saveNow,
      sample: now.sampleNow !== seen.sampleNow,
      rateFactor: now.rateFactor,
    }
    seen = now
    return order
  }
}
