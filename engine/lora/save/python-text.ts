/**
 * Values as the usual trainers, which are written in Python, put them into metadata. Readers parse
 * these texts, so they are kept to the letter.
 */

/** What such a text can stand for. */
export type PythonValue =
  | (string | number | boolean | null | undefined)
  | readonly PythonValue[]
  | { readonly [key: string]: PythonValue }

/** `str(value)` of a text, whole number, truth value or `None`; objects and lists are JSON. */
export function pythonText(value: PythonValue): string {
  if (value === undefined || value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'number') {
    return Number.isInteger(value) ? String(value) : pythonFloat(value)
  }
  return typeof value === 'string' ? value : pythonJson(value)
}

/** `str(value)` of a float: 1 is `1.0`, 0.00005 is `5e-05`. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, exponent = ''] = value.toExponential().split('e')
    const places = exponent.slice(1).padStart(2, '0')
    return `${digits}e${exponent[0]}${places}`
  }
  const text = String(value)
  return text.includes('.') ? text : `${text}.0`
}

/** `json.dumps(value)`: a space after commas and colons, letters beyond ASCII escaped. */
export function pythonJson(value: PythonValue): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined)
    return `{${entries.map(([key, entry]) => `${quoted(key)}: ${pythonJson(entry)}`).join(', ')}}`
  }
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value ?? null)
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
