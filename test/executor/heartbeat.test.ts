import { describe, expect, it } from 'vitest'
import { startHeartbeat } from '../../engine/executor/heartbeat.ts'

const passed = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('a heartbeat', () => {
  it('is content with one that answers', async () => {
    let pings = 0
    let isSilent = false
    const heartbeat = startHeartbeat({
      patience: 200,
      ping() {
        pings += 1
        heartbeat.heard()
      },
      onSilence: () => {
        isSilent = true
      },
    })
    await passed(500)
    heartbeat.end()
    expect(pings).toBeGreaterThan(3)
    expect(isSilent).toBe(false)
  })

  it('tells once of one that does not, and blames nobody for its own sleep', async () => {
    let silences = 0
    const heartbeat = startHeartbeat({
      patience: 200,
      ping: () => undefined,
      onSilence: () => {
        silences += 1
      },
    })
    const begun = performance.now()
    while (performance.now() - begun < 300);
    await passed(20)
    expect(silences).toBe(0)
    await passed(600)
    heartbeat.end()
    expect(silences).toBe(1)
  })
})
