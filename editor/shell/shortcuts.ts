import { type KeybindingsMap, tinykeys } from 'tinykeys'
import { actions, runAction } from './actions.ts'

/** Binds the keys of the table of actions. Gives the function that takes them off. */
export function bindShortcuts(target: Window = window): () => void {
  const bindings: KeybindingsMap = {}
  for (const action of actions) {
    for (const keys of action.keys ?? []) {
      bindings[keys] = (event) => {
        if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) {
          return
        }
        if (!action.everywhere && isText(event.target)) return
        if (movesValue(event)) return
        if (!action.enabled()) return
        event.preventDefault()
        runAction(action.name)
      }
    }
  }
  return tinykeys(target, bindings, { ignore: () => false })
}

/** Keys as a person reads them: `Ctrl+Shift+Z`. */
export function printKeys(keys: string, mac = isMac()): string {
  const names: Record<string, string> = {
    $mod: mac ? '⌘' : 'Ctrl',
    Shift: mac ? '⇧' : 'Shift',
    Alt: mac ? '⌥' : 'Alt',
    Enter: '↵',
  }
  return keys
    .split('+')
    .map((key) => names[key] ?? (key.length === 1 ? key.toUpperCase() : key))
    .join(mac ? '' : '+')
}

function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? '')
}

/** True where the key sets the value of what has the focus, as Home does of a slider. */
function movesValue({ key, target }: KeyboardEvent): boolean {
  if (!/^(Home|End|Page(Up|Down)|Arrow\w+)$/.test(key) || !(target instanceof Element)) return false
  return target.matches('[type="range"], [role="slider"], [role="spinbutton"], [role="tree"] *')
}

function isText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  const { tagName, isContentEditable } = target
  const typed = !['checkbox', 'radio', 'range', 'button'].includes(
    target.getAttribute('type') ?? '',
  )
  return (
    isContentEditable ||
    tagName === 'TEXTAREA' ||
    tagName === 'SELECT' ||
    (tagName === 'INPUT' && typed)
  )
}
