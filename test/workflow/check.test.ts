import { describe, expect, it } from 'vitest'
import { check, type Problem } from '../../engine/workflow/index.ts'
import { cases, catalogue, files, one } from './problems.ts'
import { graphOf, problemsOf, workflowOf } from './support.ts'

describe('check', () => {
  it.each(cases)('reports %s', async (_, nodes, problems, rest) => {
    expect(await problemsOf(workflowOf(nodes, rest), catalogue, { lookup: files })).toEqual(
      problems,
    )
  })

  it('has a case here for every code', () => {
    const codes: Record<Problem['code'], true> = {
      ...{ 'unknown-type': true, 'unknown-version': true, 'unknown-node': true },
      ...{ 'unknown-socket': true, 'unknown-param': true, 'unknown-file': true },
      ...{ 'unknown-output': true, 'missing-input': true, 'missing-item': true },
      ...{ 'too-many-items': true, 'wrong-type': true, cycle: true },
      ...{ 'bad-param': true, 'bad-file': true },
    }
    const seen = new Set(cases.flatMap(([, , problems]) => problems.map(({ code }) => code)))
    seen.add('unknown-output')
    expect([...seen].sort()).toEqual(Object.keys(codes).sort())
  })

  it('says which outputs there are where another is asked for', async () => {
    const workflow = workflowOf({ one }, { outputs: { number: 'one.value' } })
    expect(await problemsOf(workflow, catalogue, { outputs: ['numbr', 'one.valu'] })).toEqual([
      {
        code: 'unknown-output',
        output: 'numbr',
        message: 'output "numbr": not in the workflow, expected number, one; did you mean number',
      },
      {
        code: 'unknown-socket',
        output: 'one.valu',
        node: 'one',
        socket: 'valu',
        message: 'output one.valu: "one" has no output "valu", expected value; did you mean value',
      },
    ])
  })

  it('looks only at what the outputs asked for need', async () => {
    const workflow = workflowOf({
      one,
      bad: { type: 'nothing' },
      b: { type: 'scale', inputs: { value: 'one.value' } },
    })
    const { nodes } = await graphOf(workflow, catalogue, { outputs: ['b'] })
    expect([...nodes.keys()]).toEqual(['one', 'b'])
    expect(await problemsOf(workflow, catalogue)).toHaveLength(1)
  })

  it('migrates nodes of an older version', async () => {
    const workflow = workflowOf({ a: { type: 'third', version: 2, params: { min: 0.5 } } })
    const { nodes } = await graphOf(workflow, catalogue)
    expect(nodes.get('a')?.params).toEqual({ low: 0.5, high: 1 })
  })

  it('does not follow a chain of 50,000 nodes by recursion', async () => {
    const nodes: Parameters<typeof workflowOf>[0] = { n0: one }
    for (let index = 50_000; index > 0; index--) {
      nodes[`n${index}`] = { type: 'same', inputs: { value: `n${index - 1}.value` } }
    }
    const { nodes: checked } = await graphOf(workflowOf(nodes))
    expect([...checked.keys()].slice(0, 3)).toEqual(['n0', 'n1', 'n2'])
  })

  it('asks for a file no more when there is no lookup', async () => {
    expect(
      await problemsOf(workflowOf({ a: { type: 'load', params: { file: 'x' } } }), catalogue),
    ).toEqual([])
  })

  it('passes on what is a bug in a definition', async () => {
    const lookup = { ...files, header: () => Promise.reject(new TypeError('a bug')) }
    const workflow = workflowOf({ a: { type: 'load', params: { file: 'ink.st' } } })
    await expect(check(workflow, catalogue, { lookup })).rejects.toThrow('a bug')
  })
})
