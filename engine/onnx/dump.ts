import { showShape } from './dims.ts'
import type { Attribute, Program, Value } from './value.ts'

/**
 * A program as text, one line an op, for tests and for reading. Weights show their place in the
 * file only by its length, so that a dump is the same on every machine.
 */
export function dumpProgram(program: Program): string {
  const lines = [
    `program ${program.name}`,
    ...program.inputs.map((value) => `  input ${showValue(value)}`),
    ...program.initializers.map(({ value, external }) =>
      external
        ? `  weight ${showValue(value)} = ${external.length} bytes in file`
        : `  constant ${showValue(value)}${value.content ? ` = [${value.content.join(', ')}]` : ''}`,
    ),
    ...program.operations.map((operation) => {
      const attributes = Object.entries(operation.attributes)
        .map(([name, value]) => ` ${name}=${showAttribute(value)}`)
        .join('')
      const call = `${operation.op}(${operation.inputs.join(', ')})`
      return `  ${operation.outputs.join(', ')} = ${call}${attributes}`
    }),
    ...program.outputs.map((value) => `  output ${showValue(value)}`),
  ]
  return `${lines.join('\n')}\n`
}

function showValue(value: Value): string {
  return `${value.name}: ${value.type} ${showShape(value.shape)}`
}

function showAttribute(value: Attribute): string {
  if (typeof value === 'object' && 'float' in value) return String(value.float)
  return typeof value === 'object' ? `[${value.join(', ')}]` : String(value)
}
