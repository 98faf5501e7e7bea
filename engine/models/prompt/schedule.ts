import { type EditedPrompt, parsePromptEditing } from './prompt-editing.ts'

/** A text and the last step, counted from 1, that uses it. */
export interface ScheduledText {
  readonly until: number
  readonly text: string
}

/** How the numbers of prompt editing are read; the defaults are those of A1111 since 1.6. */
export interface ScheduleOptions {
  /** Steps of a second pass: its schedule is made, whole numbers less `steps`, fractions less 1. */
  readonly secondPass?: number
  /**
   * The older rule: below 1 a fraction, otherwise a step, whether it has a point or not. A second
   * pass then has the schedule of the first.
   */
  readonly oldRule?: boolean
}

/**
 * The texts of a prompt with editing over `steps` steps, in order; the last one is until `steps`.
 * Neighbours may be equal. A prompt that the grammar refuses is one text, as it is.
 */
export function promptSchedule(
  text: string,
  steps: number,
  { secondPass, oldRule = false }: ScheduleOptions = {},
): ScheduledText[] {
  const shifted = secondPass !== undefined && !oldRule
  const count = shifted ? secondPass : steps
  const prompt = parsePromptEditing(text)
  if (!prompt) return [{ until: count, text }]
  const lastStep = (when: string) => {
    const value = Number(when)
    const fraction = oldRule ? value < 1 : when.includes('.')
    const step = fraction ? (value - (shifted ? 1 : 0)) * count : value - (shifted ? steps : 0)
    return Math.min(count, Math.trunc(step))
  }
  const borders = new Set([count])
  collectBorders(prompt, count, lastStep, borders)
  return [...borders]
    .sort((a, b) => a - b)
    .map((until) => ({ until, text: textAt(prompt, until, lastStep) }))
}

/**
 * Index of the entry that A1111 uses when its step counter is `step`. The counter starts at 0, so
 * an entry until 5 serves six steps.
 */
export function scheduleIndex(schedule: readonly ScheduledText[], step: number): number {
  const index = schedule.findIndex(({ until }) => step <= until)
  return index < 0 ? schedule.length - 1 : index
}

type LastStep = (when: string) => number

function collectBorders(
  prompt: EditedPrompt,
  count: number,
  lastStep: LastStep,
  borders: Set<number>,
): void {
  for (const piece of prompt) {
    if (typeof piece === 'string') continue
    if (piece.kind === 'alternate') {
      for (let step = 1; step <= count; step++) borders.add(step)
      for (const option of piece.options) collectBorders(option, count, lastStep, borders)
    } else {
      const step = lastStep(piece.when)
      if (step >= 1) borders.add(step)
      collectBorders(piece.before, count, lastStep, borders)
      collectBorders(piece.after, count, lastStep, borders)
    }
  }
}

function textAt(prompt: EditedPrompt, step: number, lastStep: LastStep): string {
  return prompt
    .map((piece) => {
      if (typeof piece === 'string') return piece
      if (piece.kind === 'scheduled') {
        const part = step <= lastStep(piece.when) ? piece.before : piece.after
        return textAt(part, step, lastStep)
      }
      return textAt(piece.options[(step - 1) % piece.options.length] ?? [], step, lastStep)
    })
    .join('')
}
