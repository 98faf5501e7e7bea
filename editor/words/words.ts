import { useStore } from 'zustand'
import { settings } from '../state/settings.ts'

export type Language = 'en' | 'ja'

/** Sentences of one part of the editor in every language; `{name}` stands for a value. */
export interface WordTable<Key extends string> {
  readonly en: Readonly<Record<Key, string>>
  readonly ja: Readonly<Record<Key, string>>
}

/** Looks a sentence up and puts values in. */
export type Say<Key extends string> = (
  key: Key,
  values?: Readonly<Record<string, string | number>>,
) => string

/** A table whose Japanese part must have the same keys: a missing one does not compile. */
export function defineWords<const Words extends Record<string, string>>(table: {
  en: Words
  ja: { readonly [Key in keyof Words]: string }
}): WordTable<Extract<keyof Words, string>> {
  return table as unknown as WordTable<Extract<keyof Words, string>>
}

/** The sentences of a table in a language. */
export function sayIn<Key extends string>(table: WordTable<Key>, language: Language): Say<Key> {
  return (key, values = {}) =>
    table[language][key].replace(/\{(\w+)\}/g, (whole, name: string) =>
      String(values[name] ?? whole),
    )
}

/** As `sayIn`, in the language that is set now; for what is not a component. */
export function say<Key extends string>(table: WordTable<Key>): Say<Key> {
  return sayIn(table, settings.getState().language)
}

/** The sentences of a table in the language that is set; drawn again when that changes. */
export function useWords<Key extends string>(table: WordTable<Key>): Say<Key> {
  return sayIn(
    table,
    useStore(settings, (state) => state.language),
  )
}
