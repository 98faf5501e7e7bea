import type { PictureFacts } from '../../drawing/facts.ts'
import type { SessionPool } from '../../runtime/session-pool.ts'
import { type Question, questions, type Seen } from './classes.ts'
import { classify, type Probe } from './probe.ts'

/** A picture that was made for a prompt. */
export interface MadePicture {
  readonly facts: PictureFacts
  /** `[3, 128, 128]`, 0 to 1. */
  readonly image: Float32Array
}

/** Shares of pictures, 0 to 1, in which something is right. */
export type ProbeScore = Readonly<Record<Question | 'all', number>> & {
  readonly pictures: number
}

/** What the probe found in a picture. */
export interface Verdict {
  /** For each object of the prompt what stands in its place. */
  readonly seen: readonly Seen[]
  /** The questions that it answers wrongly for any of the objects. */
  readonly wrong: readonly Question[]
}

/** Judges every picture by what its prompt asked for. */
export async function judge(
  pool: SessionPool,
  probe: Probe,
  pictures: readonly MadePicture[],
): Promise<readonly Verdict[]> {
  const columns = ['middle', 'left', 'right'] as const
  const images = pictures.map(({ image }) => image)
  const found = new Map<string, readonly Seen[]>()
  for (const column of columns) found.set(column, await classify(pool, probe, images, column))
  return pictures.map(({ facts }, index) => {
    const places = facts.position === 'both' ? ['left', 'right'] : [facts.position]
    const seen = facts.objects.map((_, i) => found.get(places[i]!)![index]!)
    const isWrong = (question: Question) =>
      seen.some((answers, i) => !agrees(question, answers, facts, i))
    return { seen, wrong: questions.filter(isWrong) }
  })
}

/** Sums verdicts up: how often each question, and how often all four are right. */
export function summarise(verdicts: readonly Verdict[]): ProbeScore {
  const share = (isRight: (verdict: Verdict) => boolean) =>
    verdicts.length === 0 ? 0 : verdicts.filter(isRight).length / verdicts.length
  const right = (question: Question) => share(({ wrong }) => !wrong.includes(question))
  return {
    pictures: verdicts.length,
    object: right('object'),
    colour: right('colour'),
    place: right('place'),
    time: right('time'),
    all: share(({ wrong }) => wrong.length === 0),
  }
}

/** `100 pictures: object 97 %, colour 99 %, place 100 %, time 100 %, all 96 %`. */
export function scoreLine(score: ProbeScore): string {
  const parts = [...questions, 'all' as const].map(
    (name) => `${name} ${Math.round(1000 * score[name]) / 10} %`,
  )
  return `${score.pictures} pictures: ${parts.join(', ')}`
}

function agrees(question: Question, seen: Seen, facts: PictureFacts, index: number): boolean {
  const object = facts.objects[index]!
  if (question === 'object') return seen.object === object.kind
  if (question === 'colour') return object.kind === 'mascot' || seen.colour === object.colour
  return seen[question] === facts[question]
}
