import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FormatError, WorkflowError } from '../../engine/errors.ts'
import {
  catalogueSchema,
  migrateFile,
  nodeSchema,
  parseWorkflow,
  printWorkflow,
  readWorkflow,
  workflowSchema,
} from '../../engine/workflow/index.ts'
import { catalogueOf, weighted } from './support.ts'

const folder = `${import.meta.dirname}/fixtures`
const fixtures = readdirSync(folder).filter((name) => name.endsWith('.json'))
const read = (name: string) => readFileSync(`${folder}/${name}`, 'utf8')

function refusal(json: unknown): Error {
  try {
    readWorkflow(json, 'a.json')
  } catch (error) {
    return error as Error
  }
  throw new Error('was read')
}

describe('the workflow file', () => {
  it.each(fixtures)('%s comes out of reading and printing byte by byte as it was', (name) => {
    expect(printWorkflow(parseWorkflow(read(name), name))).toBe(read(name))
    expect(printWorkflow(parseWorkflow(read(name), name), catalogueOf())).toBe(read(name))
  })

  it('is printed in canonical order however it was written', () => {
    const shuffled = {
      nodes: {
        sum: {
          inputs: { value2: 'a.value', offset: 'a.value', value1: 'a.value' },
          params: { weight2: 2, nonsense: 0, weight1: 1, offset: 3 },
          type: 'weighted',
        },
        a: { params: {}, type: 'constant', inputs: {}, version: 1 },
      },
      layout: { a: { y: 2, x: 1 } },
      outputs: { r: 'sum.sum' },
      version: 1,
    }
    const text = printWorkflow(readWorkflow(shuffled), catalogueOf())
    expect(JSON.stringify(JSON.parse(text))).toBe(
      JSON.stringify({
        version: 1,
        outputs: { r: 'sum.sum' },
        nodes: {
          sum: {
            type: 'weighted',
            params: { offset: 3, weight1: 1, weight2: 2, nonsense: 0 },
            inputs: { offset: 'a.value', value1: 'a.value', value2: 'a.value' },
          },
          a: { type: 'constant', version: 1 },
        },
        layout: { a: { x: 1, y: 2 } },
      }),
    )
    expect(printWorkflow(parseWorkflow(text), catalogueOf())).toBe(text)
  })

  it('of a newer version is refused with the version it has', () => {
    const error = refusal({ version: 2, nodes: {}, more: 'things' })
    expect(error).toBeInstanceOf(FormatError)
    expect(error.message).toBe('a.json: version 2, at most 1 can be read; update mazeru to open it')
  })

  it.each([
    [{ nodes: {} }, 'a.json: version is missing, expected 1'],
    [{ version: '1', nodes: {} }, 'a.json: version is "1", expected 1'],
    [{ version: 0, nodes: {} }, 'a.json: version 0, expected 1'],
    [[], 'a.json: a list of 0, expected an object'],
    ['text', 'a.json: "text", expected an object'],
  ])('%j is no workflow', (json, message) => {
    expect(refusal(json).message).toBe(message)
  })

  it('names every misplaced part at once', () => {
    const error = refusal({
      version: 1,
      nodess: {},
      nodes: {
        '1st': { type: 'add' },
        a: { typ: 'add' },
        b: { type: 'add', params: [], inputs: { a: 'nodot', b: 3 } },
        c: { type: 'add', params: { '1': 1 }, version: 0.5 },
        d: 7,
      },
      inputs: { p: { too: ['a.b'], to: [] } },
    })
    expect(error).toBeInstanceOf(WorkflowError)
    expect(error.message.split('\n')).toEqual([
      'a.json: inputs.p.to: a list of 0, expected at least 1',
      'a.json: inputs.p.too: unknown key, expected to, description; did you mean to',
      'a.json: nodes.1st: not a name, expected a letter, then letters, digits, - or _',
      'a.json: nodes.a.type: missing, expected text',
      'a.json: nodes.a.typ: unknown key, expected type, version, subgraph, mode, params, inputs; did you mean type',
      'a.json: nodes.b.params: a list of 0, expected an object',
      'a.json: nodes.b.inputs.a: "nodot", expected "node.socket"',
      'a.json: nodes.b.inputs.b: 3, expected text',
      'a.json: nodes.c.version: 0.5, expected an integer',
      'a.json: nodes.c.params.1: not a name, expected a letter, then letters, digits, - or _',
      'a.json: nodes.d: 7, expected an object',
      'a.json: nodess: unknown key, expected version, name, description, inputs, outputs, nodes, subgraphs, layout; did you mean nodes',
    ])
  })

  it('refuses depth bombs and __proto__ as a node, as a param and as a socket', () => {
    for (const nodes of [
      '{"__proto__": {"type": "add"}}',
      '{"a": {"type": "add", "params": {"__proto__": 1}}}',
      '{"a": {"type": "add", "inputs": {"__proto__": "b.c"}}}',
    ]) {
      expect(() => parseWorkflow(`{"version": 1, "nodes": ${nodes}}`)).toThrow('is reserved')
    }
    expect(() => readWorkflow({ version: 1, nodes: { ['__proto__']: { type: 'add' } } })).toThrow(
      'workflow: key nodes.__proto__ is reserved, expected another',
    )
    let deep: unknown = 0
    for (let level = 0; level < 1e5; level++) deep = [deep]
    expect(() => readWorkflow({ version: 1, nodes: deep })).toThrow('more than 64 levels')
    expect(({} as { type?: string }).type).toBeUndefined()
  })

  it('of an older version is migrated one version after the other', () => {
    const migrations = {
      1: (file: object) => ({ ...file, second: true }),
      2: (file: object) => ({ ...file, third: 'second' in file }),
    }
    expect(migrateFile({ version: 1 }, 'a.json', { migrations, current: 3 })).toEqual({
      version: 3,
      second: true,
      third: true,
    })
    expect(() => migrateFile({ version: 0 }, 'a.json', { migrations, current: 3 })).toThrow(
      'a.json: version 0, expected 3',
    )
  })
})

describe('JSON Schema', () => {
  it('describes the file', () => {
    const schema = workflowSchema() as { required: string[]; properties: object }
    expect(schema.required).toEqual(['version', 'nodes'])
    expect(Object.keys(schema.properties)).toEqual([
      ...['version', 'name', 'description', 'inputs', 'outputs', 'nodes', 'subgraphs'],
      'layout',
    ])
  })

  it('describes a node with its params, sockets and repeated group', () => {
    expect(nodeSchema(weighted)).toMatchObject({
      title: 'Weighted sum',
      properties: {
        type: { const: 'weighted' },
        params: {
          properties: { offset: { type: 'number', default: 0 } },
          patternProperties: { '^weight[1-9][0-9]*$': { type: 'number', default: 1 } },
          additionalProperties: false,
        },
        inputs: {
          properties: { start: { type: 'string' }, offset: { type: 'string' } },
          required: [],
        },
      },
      required: ['type'],
      'x-node': {
        inputs: { start: { type: 'number', optional: true } },
        outputs: { sum: 'number' },
        repeat: { inputs: { value: 'number' }, min: 1, max: 8 },
      },
    })
  })

  it('of a catalogue lists every node', () => {
    const schema = catalogueSchema(catalogueOf())
    expect(JSON.stringify(schema)).toContain('"const":"weighted"')
    expect(JSON.stringify(schema)).toContain('"const":"divide"')
  })
})
