import { useEffect, useState } from 'react'
import type { SystemInfo } from '../../../engine/protocol/system.ts'
import { api } from '../../link/api.ts'
import { told } from '../../shell/deeds.ts'
import { Button } from '../../shell/ui/index.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'

/** The machine, and on request each device held against the processor. */
export function Panel() {
  const say = useWords(panelWords)
  const [system, setSystem] = useState<SystemInfo>()
  const [lines, setLines] = useState<readonly string[]>([])
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    void told(async () => setSystem(await api.get<SystemInfo>('/api/system')))
  }, [])
  async function examine() {
    setBusy(true)
    await told(async () => setLines((await api.get<{ lines: string[] }>('/api/doctor')).lines))
    setBusy(false)
  }
  return (
    <div className={styles.body}>
      {system && (
        <dl className={styles.list}>
          <Fact name={say('version')} value={`mazeru ${system.version} · Node ${system.node}`} />
          <Fact name={say('system')} value={system.platform} />
          {system.device && <Fact name={say('device')} value={system.device} />}
          <Fact
            name={say('executors')}
            value={system.executors.map(({ name, state }) => `${name}: ${state}`).join(', ')}
          />
        </dl>
      )}
      <Button disabled={busy} onClick={() => void examine()}>
        {busy ? say('examining') : say('examine')}
      </Button>
      <div className={styles.lines} role="status">
        {lines.join('\n')}
      </div>
    </div>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt className={styles.quiet}>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
