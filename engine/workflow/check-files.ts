import { didYouMean } from '../closest.ts'
import { isUserError, messageOf } from '../errors.ts'
import { found } from '../expected.ts'
import type { Draft } from './draft.ts'
import type { Lookup } from './lookup.ts'
import { groupParams } from './params.ts'
import type { Problem } from './problem.ts'
import { paramNames, portOf } from './shape.ts'
import { parseSocketType } from './socket-type.ts'

type Report = (problem: Problem) => void

/**
 * Everything about nodes that needs a look at files: whether they are there, what their headers
 * bind type variables to, and what the node itself finds. Fills `files` and `bindings` of drafts.
 */
export async function checkFiles(
  drafts: Iterable<Draft>,
  lookup: Lookup,
  report: Report,
): Promise<void> {
  const work = [...drafts].filter(({ shape }) => needsFiles(shape))
  await Promise.all(work.map((draft) => checkNodeFiles(draft, lookup, report)))
}

function needsFiles({ definition, params, repeat }: Draft['shape']): boolean {
  if (definition.infer !== undefined || definition.inspect !== undefined) return true
  return [...params.values(), ...(repeat?.params.values() ?? [])].some(({ file }) => file)
}

async function checkNodeFiles(draft: Draft, lookup: Lookup, report: Report): Promise<void> {
  const { id, shape, items } = draft
  for (const param of paramNames(shape, items)) {
    const folder = portOf(shape, param)!.param!.file
    if (folder === undefined || draft.params[param] === undefined) continue
    const fault = await fingerprintParam(draft, param, folder, lookup)
    if (fault === undefined) continue
    draft.sound = false
    report({ code: 'unknown-file', node: id, param, message: `${id}: ${fault}` })
  }
  if (!draft.sound) return
  const { definition } = shape
  const groups = groupParams(shape, items, draft.params)
  const params = { ...groups.own, ...(groups.items && { items: groups.items }) }
  try {
    const bound = (await definition.infer?.(params, lookup)) ?? {}
    for (const [name, type] of Object.entries(bound)) {
      if (type !== undefined) draft.bindings.set(name, parseSocketType(type))
    }
    for (const sentence of (await definition.inspect?.(params, lookup)) ?? []) {
      report({ code: 'bad-param', node: id, message: `${id}: ${sentence}` })
    }
  } catch (error) {
    if (!isUserError(error)) throw error
    report({ code: 'bad-file', node: id, message: `${id}: ${messageOf(error)}` })
  }
}

/** Notes the fingerprints of the files that a param names, or says which one is not there. */
async function fingerprintParam(
  draft: Draft,
  param: string,
  folder: string,
  lookup: Lookup,
): Promise<string | undefined> {
  try {
    const { missing, text } = await fingerprintFiles(draft.params[param], folder, lookup)
    if (missing === undefined) {
      if (text !== '') draft.files[param] = text
      return undefined
    }
    const meant = didYouMean(missing, await lookup.names(folder)) || '; put it there'
    return `${param} is ${found(missing)}, expected a file in ${folder}${meant}`
  } catch (error) {
    if (!isUserError(error)) throw error
    return messageOf(error)
  }
}

/** One text for all files of a param, empty where it names none; or the first that is missing. */
export async function fingerprintFiles(
  value: unknown,
  folder: string,
  lookup: Lookup,
): Promise<{ readonly text: string; readonly missing?: string }> {
  const texts: string[] = []
  for (const name of [value].flat()) {
    if (typeof name !== 'string' || name === '') continue
    const text = await lookup.fingerprint(folder, name)
    if (text === undefined) return { text: '', missing: name }
    texts.push(text)
  }
  return { text: texts.join(' ') }
}
