import {
  ChevronDown,
  MenuIcon,
  Play,
  Plus,
  Redo2,
  Search,
  Square,
  Undo2,
  X,
  Zap,
} from 'lucide-react'
import { useStore } from 'zustand'
import { settings } from '../state/settings.ts'
import { connection, runs, surface, tabs } from '../state/stores.ts'
import { activate, newTab } from '../state/tabs.ts'
import type { EditorDocument } from '../state/types.ts'
import { actionWords } from '../words/actions.ts'
import { shellWords } from '../words/shell.ts'
import { useWords } from '../words/words.ts'
import { actionNamed, actions, runAction } from './actions.ts'
import styles from './app.module.css'
import { close, start } from './deeds.ts'
import { printKeys } from './shortcuts.ts'
import { IconButton, Menu, type MenuItem } from './ui/index.ts'
import { nameOf, useActive, useWorkflow } from './use-document.ts'

/** Tabs, undo, the run button and the state of the connection. */
export function Header({ phone }: { readonly phone: boolean }) {
  const word = useWords(actionWords)
  const document = useActive()
  useWorkflow()
  const { labels = [], place = 0 } = document?.history ?? {}
  const button = (name: string, disabled: boolean, Icon: typeof Undo2) => (
    <IconButton
      label={word(actionNamed(name).word)}
      hint={`${word(actionNamed(name).word)} (${printKeys(actionNamed(name).keys?.[0] ?? '')})`}
      disabled={disabled}
      onClick={() => runAction(name)}
    >
      <Icon size={17} />
    </IconButton>
  )
  return (
    <header className={styles.header}>
      <h1 className="hidden-text">mazeru</h1>
      <MainMenu />
      <Tabs />
      <div className={styles.tools}>
        {button('undo', place === 0, Undo2)}
        {button('redo', place >= labels.length, Redo2)}
        {!phone && button('search', !document, Search)}
        <Line />
        <RunButton disabled={!document} />
      </div>
    </header>
  )
}

function MainMenu() {
  const say = useWords(shellWords)
  const word = useWords(actionWords)
  const entries = actions
    .filter(({ group }) => group === 'File' || group === 'View' || group === 'Panel')
    .filter(({ name }) => !name.startsWith('zoom'))
    .map(({ word: key, keys, run }): MenuItem => {
      const shown = keys?.[0] && printKeys(keys[0])
      return { label: word(key), run: () => void run(), ...(shown && { keys: shown }) }
    })
  return (
    <Menu items={entries}>
      <IconButton label={say('menu')}>
        <MenuIcon size={18} />
      </IconButton>
    </Menu>
  )
}

function Tabs() {
  const say = useWords(shellWords)
  const { open, active } = useStore(tabs)
  return (
    <nav className={styles.tabs} aria-label={say('documents')}>
      {open.map((document) => (
        <Tab key={document.id} document={document} active={document.id === active} />
      ))}
      <IconButton label={say('newTab')} onClick={() => newTab()}>
        <Plus size={16} />
      </IconButton>
    </nav>
  )
}

function Tab({
  document,
  active,
}: {
  readonly document: EditorDocument
  readonly active: boolean
}) {
  const say = useWords(shellWords)
  useWorkflow()
  const name = nameOf(document) ?? say('untitled')
  const { saved } = document
  return (
    <span className={styles.tab} data-active={active}>
      <button
        type="button"
        aria-current={active ? 'page' : undefined}
        title={saved === 'saved' ? name : `${name}: ${say(saved)}`}
        onClick={() => activate(document.id)}
        onAuxClick={() => close(document.id)}
      >
        <span className={styles.tabName}>{name}</span>
        {saved !== 'saved' && (
          <span className={styles.unsaved} data-state={saved} role="img" aria-label={say(saved)} />
        )}
      </button>
      <IconButton label={say('closeTab', { name })} onClick={() => close(document.id)}>
        <X size={13} />
      </IconButton>
    </span>
  )
}

function Line() {
  const say = useWords(shellWords)
  const state = useStore(connection, (entry) => entry.state)
  return (
    <span
      className={styles.line}
      data-state={state}
      role="status"
      title={state === 'lost' ? say('lostLong') : say(state)}
    >
      <span className={styles.lamp} aria-hidden />
      <span className={state === 'open' ? 'hidden-text' : styles.lineText}>{say(state)}</span>
    </span>
  )
}

function RunButton({ disabled }: { readonly disabled: boolean }) {
  const say = useWords(shellWords)
  const word = useWords(actionWords)
  const live = useStore(settings, (state) => state.live)
  const { waiting, running } = useStore(runs, ({ queue }) => queue)
  const count = waiting + running.length
  const item = (name: string): MenuItem => {
    const { word: key, keys, run, enabled } = actionNamed(name)
    const shown = keys?.[0] && printKeys(keys[0])
    return {
      label: word(key),
      run: () => void run(),
      disabled: !enabled(),
      ...(shown && { keys: shown }),
    }
  }
  const items = [
    item('run'),
    item('runSelected'),
    item('runFront'),
    { ...item('live'), checked: live },
    item('cancel'),
  ]
  return (
    <div className={styles.run}>
      {running.length > 0 && (
        <IconButton label={word('cancel')} onClick={() => runAction('cancel')}>
          <Square size={15} />
        </IconButton>
      )}
      {count > 0 && (
        <button
          type="button"
          className={styles.count}
          aria-label={say('runningCount', { count })}
          onClick={() => surface.setState({ panel: 'queue' })}
        >
          {count}
        </button>
      )}
      <button
        type="button"
        className={styles.runMain}
        disabled={disabled}
        onClick={() => void start()}
        title={`${say('run')} (${printKeys('$mod+Enter')})`}
      >
        {live ? <Zap size={15} /> : <Play size={15} />}
        {say('run')}
      </button>
      <Menu items={items} align="end">
        <button
          type="button"
          className={styles.runMore}
          disabled={disabled}
          aria-label={say('runMenu')}
        >
          <ChevronDown size={15} />
        </button>
      </Menu>
    </div>
  )
}
