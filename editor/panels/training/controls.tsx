import { Button } from '../../shell/ui/index.ts'
import { setParam } from '../../state/commands/index.ts'
import { setLive, shownRun } from '../../state/run-commands.ts'
import { activeDocument, notify } from '../../state/stores.ts'
import { trainingWords } from '../../words/training.ts'
import { say, useWords } from '../../words/words.ts'
import styles from './training.module.css'

/** Stop, save, draw and rate of a training that runs. */
export function Controls({ node, running }: { node: string; running: boolean }) {
  const word = useWords(trainingWords)
  return (
    <div className={styles.controls}>
      <Button small tone="bad" disabled={!running} onClick={() => ask(node, 'stop', true)}>
        {word('stop')}
      </Button>
      <Button small disabled={!running} onClick={() => ask(node, 'saveNow', Date.now())}>
        {word('save')}
      </Button>
      <Button small disabled={!running} onClick={() => ask(node, 'sampleNow', Date.now())}>
        {word('sample')}
      </Button>
      <label className={styles.rate}>
        {word('rate')}
        <select
          defaultValue="1"
          onChange={({ target }) => void changeRate(node, Number(target.value))}
        >
          {[0.1, 0.25, 0.5, 1, 2, 4].map((factor) => (
            <option key={factor}>{factor}</option>
          ))}
        </select>
      </label>
    </div>
  )
}

/** Asks the run for something; nothing of it is kept in the workflow. */
async function ask(node: string, param: string, value: unknown): Promise<void> {
  const word = say(trainingWords)
  try {
    const applied = await setLive(node, param, value)
    notify(word(applied === 'now' ? 'asked' : 'notRunning'), applied === 'now' ? 'good' : 'plain')
  } catch (error) {
    notify((error as Error).message, 'bad')
  }
}

/** The rate is a param: the workflow has it from now on, and so has the run. */
async function changeRate(node: string, factor: number): Promise<void> {
  const document = activeDocument()
  const ops = setParam(document.workflow, node, 'rateFactor', factor)
  document.transact(say(trainingWords)('rate'), ops)
  if (shownRun(document)?.state === 'running') await ask(node, 'rateFactor', factor)
}
