import type { z } from 'zod'
import { expected, found } from '../../expected.ts'

/** Sentences for what a schema found wrong with a value: `body.limit: 0, at least 1 expected`. */
export function describeIssues(what: string, error: z.ZodError, value: unknown): string[] {
  return error.issues.slice(0, 20).map((issue) => {
    const place = [what, ...issue.path.map(String)].join('.')
    const given = at(value, issue.path)
    if (issue.code === 'unrecognized_keys') {
      return `${place}: ${issue.keys.map((key) => found(key)).join(', ')}, no such key expected`
    }
    return `${place}: ${found(given)}, ${wanted(issue, given)} expected`
  })
}

function wanted(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_type') return expected({ type: issue.expected }, value)
  if (issue.code === 'invalid_value') return expected({ enum: issue.values }, value)
  if (issue.code === 'too_small') return `at least ${issue.minimum}`
  if (issue.code === 'too_big') return `at most ${issue.maximum}`
  if (issue.code === 'invalid_union') return 'one of the known kinds'
  return issue.code === 'invalid_format' ? `text of the form ${issue.format}` : 'another value'
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined
    here = (here as Record<PropertyKey, unknown>)[key]
  }
  return here
}
