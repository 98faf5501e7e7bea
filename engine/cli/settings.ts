import { WorkflowError } from '../errors.ts'

/**
 * Splits `name=value` as given to `--set` and `--input`, at the first `=`. A value may be empty and
 * may hold further signs. Throws WorkflowError with the form that the option expects.
 */
export function splitAssignment(option: string, text: string, form: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new WorkflowError(`${option} ${text}: ${form} expected`)
  return [text.slice(0, at), text.slice(at + 1)]
}

/** The settings of `--set node.param=value`, in order. */
export function settingsOf(texts: readonly string[]): { target: string; value: string }[] {
  return texts.map((text) => {
    const [target, value] = splitAssignment('--set', text, 'node.param=value')
    if (!/^[^.]+\../.test(target))
      throw new WorkflowError(`--set ${text}: node.param=value expected`)
    return { target, value }
  })
}

/** The values of `--input name=value`. Throws WorkflowError where a name stands twice. */
export function inputsOf(texts: readonly string[]): Record<string, string> {
  const inputs = new Map<string, string>()
  for (const text of texts) {
    const [name, value] = splitAssignment('--input', text, 'name=value')
    if (inputs.has(name)) throw new WorkflowError(`--input ${name}: given twice, once expected`)
    inputs.set(name, value)
  }
  return Object.fromEntries(inputs)
}
