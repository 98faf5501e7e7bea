import { afterEach, describe, expect, test, vi } from 'vitest'
import { createLink, type Link } from '../../../editor/link/client.ts'
import { connection, hardware, previews, runs } from '../../../editor/state/stores.ts'
import type { RunInfo } from '../../../engine/protocol/runs.ts'
import { startRelay } from '../support/relay.ts'

const times = { retry: 20, longestRetry: 60, ping: 40, dead: 200 }
const links: Link[] = []

function connected(address: string, client = 'a'): Link {
  const link = createLink()
  links.push(link)
  link.connect({ address, client, times })
  return link
}

const opened = () => vi.waitFor(() => expect(connection.getState().state).toBe('open'))

function run(id: string, state: RunInfo['state'] = 'running'): RunInfo {
  return {
    ...{ id, state, client: 'a', priority: 0, live: false, created: 1, restarts: 0 },
    pictures: [],
  }
}

afterEach(() => {
  for (const link of links.splice(0)) link.close()
  runs.setState({ runs: new Map(), nodes: new Map() })
})

describe('the link', () => {
  test('shows events in the stores, the last progress of a frame only', async () => {
    await using relay = await startRelay()
    connected(relay.address)
    await opened()
    let draws = 0
    const end = runs.subscribe(() => {
      draws += 1
    })
    relay.event({ type: 'run', run: run('r') })
    for (let step = 1; step <= 30; step++) {
      relay.event({ type: 'progress', run: 'r', node: 'sampler', step, steps: 30 })
    }
    await vi.waitFor(() =>
      expect(runs.getState().nodes.get('r')?.get('sampler')).toEqual({
        ...{ state: 'running', step: 30, steps: 30 },
      }),
    )
    end()
    expect(draws).toBeLessThan(10)
    expect(runs.getState().runs.get('r')?.state).toBe('running')
  })

  test('goes on after a lost line with the events that it missed, each once', async () => {
    await using relay = await startRelay()
    const link = connected(relay.address)
    const seen: string[] = []
    link.followEvents((event) => event.type === 'notice' && seen.push(event.message))
    await opened()
    relay.event({ type: 'notice', message: 'one' })
    await vi.waitFor(() => expect(seen).toEqual(['one']))
    relay.reachable(false)
    await vi.waitFor(() => expect(connection.getState().state).not.toBe('open'))
    relay.event({ type: 'notice', message: 'two' })
    relay.reachable(true)
    await vi.waitFor(() => expect(seen).toEqual(['one', 'two']))
    const hellos = relay.heard.filter(({ message }) => message.type === 'hello')
    expect(hellos.at(-1)?.message).toMatchObject({ client: 'a', epoch: '1', since: 1 })
  })

  test('takes the snapshot of a server that began anew in place of what it knew', async () => {
    await using relay = await startRelay()
    connected(relay.address)
    await opened()
    relay.event({ type: 'run', run: run('old') })
    await vi.waitFor(() => expect(runs.getState().runs.size).toBe(1))
    relay.restart()
    await vi.waitFor(() => expect(runs.getState().runs.size).toBe(0))
    relay.event({ type: 'run', run: run('new') })
    await vi.waitFor(() => expect([...runs.getState().runs.keys()]).toEqual(['new']))
  })

  test('answers a question that was asked while the line was down', async () => {
    await using relay = await startRelay()
    const link = connected(relay.address)
    await opened()
    relay.reachable(false)
    await vi.waitFor(() => expect(connection.getState().state).not.toBe('open'))
    const asked = link.request({ type: 'check', workflow: {} })
    relay.reachable(true)
    const reply = await asked
    expect(reply).toMatchObject({ type: 'checked', problems: [] })
  })

  test('refuses the questions that are open when it is closed', async () => {
    await using relay = await startRelay()
    const link = connected(relay.address)
    await opened()
    relay.freeze()
    const asked = link.request({ type: 'check', workflow: {} })
    link.close()
    await expect(asked).rejects.toThrow('link: closed')
  })

  test('notices a line that is dead though nobody closed it', async () => {
    await using relay = await startRelay()
    connected(relay.address)
    await opened()
    relay.freeze()
    await vi.waitFor(() => expect(connection.getState().state).not.toBe('open'))
  })

  test('shows the newest preview and revokes the former', async () => {
    await using relay = await startRelay()
    connected(relay.address)
    await opened()
    const revoked = vi.spyOn(URL, 'revokeObjectURL')
    const frame = (picture: number) => {
      const head = { run: 'r', node: 'n', item: 0, items: 1, width: 8, height: 8 }
      const json = Buffer.from(JSON.stringify(head))
      const length = Buffer.alloc(4)
      length.writeUInt32LE(json.length)
      return Buffer.concat([length, json, Buffer.from([picture])])
    }
    relay.frame(frame(1))
    await vi.waitFor(() => expect(previews.getState().urls.get('r n')).toMatch(/^blob:/))
    const former = previews.getState().urls.get('r n')!
    relay.frame(frame(2))
    await vi.waitFor(() => expect(previews.getState().urls.get('r n')).not.toBe(former))
    expect(revoked).toHaveBeenCalledWith(former)
    relay.frame(Buffer.from([255, 255, 255, 255, 1]))
    relay.event({ type: 'run-removed', id: 'r' })
    await vi.waitFor(() => expect(previews.getState().urls.size).toBe(0))
    expect(hardware.getState().now).toBeUndefined()
  })
})
