import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  catalogueSchema,
  createCatalogue,
  nodeSchema,
  parseWorkflow,
  printWorkflow,
} from '../../engine/workflow/index.ts'
import { nodes } from '../../nodes/index.ts'
import { openStudio } from '../support/studio.ts'
import { temporaryFolder } from '../support/temporary.ts'

const studio = openStudio()
const catalogue = createCatalogue(nodes)
const folder = join(import.meta.dirname, '..', '..', 'workflows')
const workflows = readdirSync(folder).filter((name) => name.endsWith('.json'))
const byType = nodes.map((definition) => [definition.type, definition] as const)

describe.each(byType)('the node %s', (type, definition) => {
  const groups = [definition.params, definition.repeat?.params ?? z.object({})]

  it('has a default that it accepts wherever it has one, and says what each param is', () => {
    for (const { shape } of groups) {
      for (const [name, field] of Object.entries(shape) as [string, z.ZodType][]) {
        expect(field.description, name).toBeTruthy()
        const fallback = field.safeParse(undefined)
        if (fallback.success) expect(field.parse(fallback.data), name).toEqual(fallback.data)
        else expect(z.toJSONSchema(field, { io: 'input' }), name).not.toHaveProperty('default')
      }
    }
  })

  it('survives a file with all its defaults written out', () => {
    const params = Object.fromEntries(
      Object.entries(definition.params.shape).flatMap(([name, field]) => {
        const { data } = (field as z.ZodType).safeParse(undefined)
        return data === undefined ? [] : [[name, data]]
      }),
    )
    const workflow = { version: 1 as const, nodes: { node: { type, params } } }
    const text = printWorkflow(workflow, catalogue)
    expect(printWorkflow(parseWorkflow(text), catalogue)).toBe(text)
    const read = parseWorkflow(text).nodes.node!.params ?? {}
    // Rules that span params need all of them.
    expect(z.object(definition.params.shape).partial().parse(read)).toEqual(params)
  })

  it('has a title, a category, a description and a schema that is plain JSON', () => {
    for (const text of [definition.title, definition.category, definition.description]) {
      expect(text).toMatch(/\S/)
    }
    const schema = nodeSchema(definition)
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
  })
})

describe('the schema of a workflow file', async () => {
  const schema = JSON.parse((await studio.mazeru('/', 'nodes', '--schema')).stdout)
  const accepts = (value: unknown) => z.fromJSONSchema(schema).safeParse(value).success

  it('is what mazeru nodes --schema prints', () => {
    expect(schema).toEqual(JSON.parse(JSON.stringify(catalogueSchema(catalogue))))
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
  })

  it.each(workflows)('accepts %s', (name) => {
    const file = JSON.parse(readFileSync(join(folder, name), 'utf8'))
    expect(z.fromJSONSchema(schema).parse(file)).toBeTruthy()
  })

  it.each(workflows)('knows what is wrong with a copy of %s', (name) => {
    const file = JSON.parse(readFileSync(join(folder, name), 'utf8'))
    const [id, node] = Object.entries(file.nodes)[0] as [string, object]
    const withNode = (changed: object) => ({ ...file, nodes: { ...file.nodes, [id]: changed } })
    expect(accepts(withNode({ ...node, type: 'no-such-node' }))).toBe(false)
    expect(accepts(withNode({ ...node, params: { nonsense: 1 } }))).toBe(false)
    expect(accepts({ ...file, version: 'one' })).toBe(false)
    expect(accepts({ ...file, surplus: 1 })).toBe(false)
  })
})

describe('mazeru nodes', () => {
  it('describes every node', async () => {
    const desk = temporaryFolder()
    for (const { type, title } of nodes) {
      const { code, stdout } = await studio.mazeru(desk, 'nodes', type)
      expect(code).toBe(0)
      expect(stdout.startsWith(`${type}: ${title}`)).toBe(true)
    }
  })
})
