import type { z } from 'zod'

/** A rule over several settings, as a message reads it: `<setting> is <found>, <expected>`. */
export interface Rule<Settings> {
  /** The setting to change, most likely. */
  readonly setting: keyof Settings & string
  readonly broken: (settings: Settings) => boolean
  /** `expected at most 8, the batch`, with a remedy after a semicolon where there is one. */
  readonly expected: string | ((settings: Settings) => string)
}

/** The sentences of the rules that these settings break. */
export function brokenRules<Settings extends object>(
  rules: readonly Rule<Settings>[],
  settings: Settings,
): { readonly setting: keyof Settings & string; readonly message: string }[] {
  return rules
    .filter(({ broken }) => broken(settings))
    .map(({ setting, expected }) => ({
      setting,
      message: typeof expected === 'string' ? expected : expected(settings),
    }))
}

/** A check for a zod object that holds these rules; each complaint is placed at its setting. */
export function rulesCheck<Settings extends object>(
  rules: readonly Rule<Settings>[],
): (settings: Settings, context: z.core.$RefinementCtx<Settings>) => void {
  return (settings, context) => {
    for (const { setting, message } of brokenRules(rules, settings)) {
      context.addIssue({ code: 'custom', path: [setting], message })
    }
  }
}
