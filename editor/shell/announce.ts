import { notify, runs } from '../state/stores.ts'
import { shellWords } from '../words/shell.ts'
import { say } from '../words/words.ts'

/** Says when a run of this editor's lists has ended. */
export function announceRuns(): () => void {
  return runs.subscribe(({ runs: now }, { runs: former }) => {
    if (now === former) return
    for (const run of now.values()) {
      const before = former.get(run.id)
      if (run.live || !before || before.state === run.state) continue
      const words = say(shellWords)
      const name = run.document ?? words('untitled')
      if (run.state === 'done') notify(words('runDone', { name }), 'good')
      if (run.state === 'failed') {
        notify(words('runFailed', { name, message: run.error ?? '' }), 'bad')
      }
    }
  })
}
