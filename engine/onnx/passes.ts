import type { Initializer, Operation, Program } from './value.ts'

/**
 * Passes make a program smaller and change no number of its results; a test holds that results are
 * the same without.
 */
export type Pass = (program: Program) => Program

/** Runs passes in order. */
export function simplify(program: Program, passes: readonly Pass[]): Program {
  return passes.reduce((result, pass) => pass(result), program)
}

/**
 * Merges small constants with the same content, and ops that do the same with the same inputs.
 * No op used here draws random numbers, so equal ops have equal results.
 */
export function mergeEqual(program: Program): Program {
  const renamed = new Map<string, string>()
  const keep = keeper(renamed)
  const initializers = program.initializers.filter((initializer) => {
    const key = constantKey(initializer)
    return key === undefined || keep(key, [initializer.value.name])
  })
  const outputs = new Set(program.outputs.map((value) => value.name))
  const operations = program.operations.flatMap((operation) => {
    const inputs = operation.inputs.map((name) => renamed.get(name) ?? name)
    const merged = { ...operation, inputs }
    const isOutput = operation.outputs.some((name) => outputs.has(name))
    return isOutput || keep(operationKey(merged), operation.outputs) ? [merged] : []
  })
  return { ...program, initializers, operations }
}

/** Leaves out the ops and constants that no output needs. Inputs stay: they are the interface. */
export function withoutUnused(program: Program): Program {
  const needed = new Set(program.outputs.map((value) => value.name))
  const operations = program.operations.toReversed().filter((operation) => {
    if (!operation.outputs.some((name) => needed.has(name))) return false
    for (const name of operation.inputs) needed.add(name)
    return true
  })
  return {
    ...program,
    operations: operations.reverse(),
    initializers: program.initializers.filter(({ value }) => needed.has(value.name)),
  }
}

/** What a builder runs when it closes a program. */
export const standardPasses: readonly Pass[] = [mergeEqual, withoutUnused]

/** Says of a key whether it is new; the names of a repeated one lead to those of the first. */
function keeper(renamed: Map<string, string>) {
  const first = new Map<string, readonly string[]>()
  return (key: string, names: readonly string[]): boolean => {
    const known = first.get(key)
    if (!known) {
      first.set(key, names)
      return true
    }
    names.forEach((name, index) => {
      renamed.set(name, known[index]!)
    })
    return false
  }
}

function constantKey({ value, bytes }: Initializer): string | undefined {
  if (!bytes || bytes.length > 64) return undefined
  return `${value.type} ${value.shape.join(',')} ${Buffer.from(bytes).toString('hex')}`
}

function operationKey({ op, domain, inputs, attributes }: Operation): string {
  return `${domain} ${op} ${inputs.join(',')} ${JSON.stringify(attributes)}`
}
