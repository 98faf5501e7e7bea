import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { seeded } from '../../support/seeded.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { openQueue } from './support.ts'

const main = new URL('./kill-main.ts', import.meta.url).pathname

/** Runs a queue in a process of its own, kills it after some lines, and gives what it had said. */
async function killed(folder: string, name: string, lines: number, delay: number) {
  const child = spawn(process.execPath, [main, folder, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Twenty starts of the same program.
    env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') },
  })
  let text = ''
  let isDying = false
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (piece: string) => {
    text += piece
    if (isDying || text.split('\n').length <= lines) return
    isDying = true
    setTimeout(() => child.kill('SIGKILL'), delay)
  })
  const signal = await new Promise((resolve) => {
    child.once('close', (_, how) => resolve(how))
  })
  expect(signal).toBe('SIGKILL')
  // The last line may be torn.
  const whole = text.split('\n').slice(0, -1)
  return whole.map((line) => line.split(' ') as [string, string, string?])
}

describe('a server that is killed', () => {
  it('has every run afterwards that it acknowledged, twenty times over', async () => {
    const dice = seeded(50)
    const folder = temporaryFolder()
    const submitted = new Map<string, string>()
    const done = new Set<string>()
    const saved = new Set<string>()
    for (let count = 0; count < 20; count++) {
      const said = await killed(folder, `p${count}`, 1 + dice.below(60), dice.below(4))
      const running = new Set<string>()
      for (const [what, id, key] of said) {
        if (what === 'submitted') submitted.set(key!, id)
        if (what === 'claimed') running.add(id)
        if (what === 'saved') saved.add(id)
        if (what === 'done') {
          done.add(id)
          running.delete(id)
        }
      }
      const queue = openQueue(folder)
      const { runs } = queue
      for (const [key, id] of submitted) {
        const client = `client-${Number(key.split('-')[1]) % 3}`
        const again = runs.submit({ workflow: sound }, { client, key })
        expect(again).toMatchObject({ isNew: false, run: { id } })
      }
      for (const id of done) {
        const detail = runs.detail(id)
        expect(detail).toMatchObject({ state: 'done', nodeStatus: { a: { state: 'done' } } })
      }
      for (const id of saved) expect(runs.runOfPicture(`${id}.png`)).toMatchObject({ run: id })
      // What was claimed is either running still, or has ended without that having been said.
      const stillRunning = new Set(runs.queue.running)
      for (const id of running) {
        expect(stillRunning.has(id) || runs.get(id)!.state === 'done').toBe(true)
      }
      // What was never said is whole all the same, and is at most one more step.
      const waiting = runs.list({ state: 'waiting', limit: 500 })
      expect(waiting.map(({ place }) => place)).toEqual(waiting.map((_, index) => index + 1))
      for (const id of stillRunning) expect(runs.detail(id)!.workflow).toMatchObject({ version: 1 })
      expect(runs.list({ limit: 500 }).length).toBeGreaterThanOrEqual(Math.min(500, submitted.size))
      queue.close()
    }
    expect(submitted.size).toBeGreaterThan(100)
    expect(done.size).toBeGreaterThan(20)
  })
})

const sound = { version: 1, nodes: { a: { type: 'number', params: { value: 1 } } } }
