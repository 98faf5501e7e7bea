import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Scratch } from '../support/cli.ts'
import { scratch, startProgram, sumWorkflow } from '../support/cli.ts'
import { arithmeticExecutor, follow, statesOf } from '../support/executors.ts'
import { projectRoot } from '../support/sources.ts'

let desks: Scratch[] = []
const desk = () => {
  const made = scratch()
  desks.push(made)
  return made.path
}
afterEach(() => {
  for (const made of desks) made[Symbol.dispose]()
  desks = []
})

const isStep = (step: number) => (event: { type: string; step?: number }) =>
  event.type === 'progress' && event.step! >= step

describe('an executor', () => {
  it('tells the state of each node, its steps and its values', async () => {
    const run = follow(arithmeticExecutor(desk()), sumWorkflow(1, 3))
    const end = await run.end
    expect(end).toMatchObject({
      status: 'done',
      results: { sum: { type: 'number', value: 3 } },
      nodes: { add: { state: 'done', values: { sum: { type: 'number', value: 3 } } } },
    })
    expect(statesOf(run.events, 'wait')).toEqual(['waiting', 'running', 'done'])
    expect(run.events.filter(({ type }) => type === 'progress').at(-1)).toMatchObject({
      node: 'wait',
      step: 3,
      steps: 3,
    })
    expect(run.events.find(({ type }) => type === 'output')).toMatchObject({ name: 'sum' })
  })

  it('computes nothing again in its process, unless the run is to be fresh', async () => {
    const executor = arithmeticExecutor(desk())
    await follow(executor, sumWorkflow(1)).end
    const again = await follow(executor, sumWorkflow(1)).end
    expect(Object.values(again.nodes).map(({ state }) => state)).toEqual(Array(4).fill('cached'))
    expect(again.results.sum?.value).toBe(3)
    const fresh = await follow(executor, sumWorkflow(1), { fresh: true }).end
    expect(Object.values(fresh.nodes).map(({ state }) => state)).toEqual(Array(4).fill('done'))
  })

  it('says what is wrong with a workflow, and with a node that fails', async () => {
    const executor = arithmeticExecutor(desk())
    const nodes = { sum: { type: 'ad' } }
    const bad = await follow(executor, { version: 1, outputs: { end: 'sum.sum' }, nodes }).end
    expect(bad).toMatchObject({ status: 'failed', error: expect.stringContaining('"ad"') })
    expect(bad.crashed).toBeUndefined()
    const broken = {
      version: 1,
      outputs: { end: 'after.sum' },
      nodes: {
        one: { type: 'number' },
        fail: { type: 'fail', inputs: { value: 'one.value' } },
        after: { type: 'add', inputs: { a: 'fail.value' } },
      },
    }
    const failed = await follow(executor, broken).end
    const error = 'fail: memory: 3 GB needed, 2 GB free; try a smaller picture'
    expect(failed).toMatchObject({
      ...{ status: 'failed', error },
      nodes: { fail: { state: 'failed', error }, after: { state: 'skipped', because: 'fail' } },
    })
  })

  it('names node and step where its process is killed, and then runs on', async () => {
    const executor = arithmeticExecutor(desk())
    const run = follow(executor, sumWorkflow(1, 1000))
    await run.until(isStep(3))
    process.kill(executor.pid!, 'SIGKILL')
    const end = await run.end
    expect(end).toMatchObject({ status: 'failed', crashed: true })
    const sentence =
      /^wait: the process of the device ended \(signal SIGKILL\) at step \d+ of 1000; /
    expect(end.error).toMatch(sentence)
    expect(end.nodes.wait).toMatchObject({ state: 'failed', error: end.error })
    expect(end.nodes.add?.state).toBe('done')
    expect((await follow(executor, sumWorkflow(2)).end).results.sum?.value).toBe(4)
    expect(executor).toMatchObject({ restarts: 1, state: 'idle' })
  })

  it('ends a process that gives no answer', async () => {
    const executor = arithmeticExecutor(desk(), { patience: 3000 })
    const run = follow(executor, sumWorkflow(1, 1000))
    await run.until(isStep(1))
    process.kill(executor.pid!, 'SIGSTOP')
    expect((await run.end).error).toMatch(/^wait: the process of the device gave no answer for 3 s/)
    expect((await follow(executor, sumWorkflow(2)).end).status).toBe('done')
  })

  it('ends a cancelled run before its next step', async () => {
    const executor = arithmeticExecutor(desk())
    const run = follow(executor, sumWorkflow(1, 10_000))
    await run.until(isStep(1))
    const { pid } = executor
    run.cancel()
    const end = await run.end
    expect(end).toMatchObject({ status: 'cancelled', nodes: { wait: { state: 'cancelled' } } })
    expect(end.crashed).toBeUndefined()
    expect((await follow(executor, sumWorkflow(1)).end).status).toBe('done')
    expect(executor.pid).toBe(pid)
  })

  it('ends the process of a run that does not hear its cancel', async () => {
    const executor = arithmeticExecutor(desk(), { grace: 200 })
    const nodes = { rest: { type: 'sleep' } }
    const run = follow(executor, { version: 1, outputs: { end: 'rest.value' }, nodes })
    await run.until((event) => event.type === 'node' && event.status.state === 'running')
    const { pid } = executor
    run.cancel()
    expect(await run.end).toMatchObject({
      status: 'cancelled',
      nodes: { rest: { state: 'cancelled' } },
    })
    expect((await follow(executor, sumWorkflow(1)).end).status).toBe('done')
    expect(executor.pid).not.toBe(pid)
  })

  it('cancels a run that its process has not begun, without waiting for the process', async () => {
    const executor = arithmeticExecutor(desk())
    const run = follow(executor, sumWorkflow(1))
    run.cancel()
    expect((await run.end).status).toBe('cancelled')
    expect((await follow(executor, sumWorkflow(1)).end).status).toBe('done')
  })

  it('answers what a param was set to, and refuses what is none', async () => {
    const executor = arithmeticExecutor(desk())
    const run = follow(executor, sumWorkflow(1, 1000))
    await run.until(isStep(1))
    expect(await run.set('two', 'value', 5)).toEqual({ applied: 'next-run' })
    await expect(run.set('two', 'value', 'many')).rejects.toMatchObject({ name: 'WorkflowError' })
    run.cancel()
    const end = await run.end
    expect(end.changes).toEqual({ 'two.value': 5 })
    expect(await run.set('two', 'value', 6)).toEqual({ applied: 'next-run' })
  })

  it('begins its process anew between runs where that holds too much memory', async () => {
    const executor = arithmeticExecutor(desk(), { maxRss: 1 })
    await follow(executor, sumWorkflow(1)).end
    const { pid } = executor
    expect(executor.state).toBe('restarting')
    expect((await follow(executor, sumWorkflow(1)).end).results.sum?.value).toBe(3)
    expect(executor.pid).not.toBe(pid)
    expect(executor.restarts).toBe(0)
  })

  it('refuses a run where its process does not start, and says why', async () => {
    const executor = arithmeticExecutor(desk(), { entry: '/nowhere/main.ts' })
    const end = await follow(executor, sumWorkflow(1)).end
    expect(end.status).toBe('failed')
    expect(end.error).toMatch(/^the process of the device does not start: /)
  })

  it('leaves a run to be begun again when it is stopped', async () => {
    const executor = arithmeticExecutor(desk())
    const run = follow(executor, sumWorkflow(1, 10_000))
    await run.until(isStep(1))
    await executor.stop()
    expect(await run.end).toMatchObject({ status: 'failed', crashed: true })
    expect(executor.state).toBe('stopped')
    expect(() => follow(executor, sumWorkflow(1))).toThrow('stopped')
  })

  it('takes one run at a time, and leaves no process when it is stopped', async () => {
    const executor = arithmeticExecutor(desk())
    const run = follow(executor, sumWorkflow(1))
    expect(() => follow(executor, sumWorkflow(1))).toThrow('busy')
    await run.end
    const { pid } = executor
    await executor.stop()
    expect(() => process.kill(pid!, 0)).toThrow('ESRCH')
  })

  it('leaves no process where the one that opened it is killed', async () => {
    const owner = join(projectRoot, 'test', 'fixtures', 'executor-owner.ts')
    const started = startProgram(owner, desk(), [])
    await started.saw('stdout', 'idle')
    started.child.kill('SIGKILL')
    const pid = Number((await started.ended).stdout.split(' ')[0])
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
  })
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
