import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react'
import { useStore } from 'zustand'
import { offers } from '../../state/fits.ts'
import { preferences } from '../../state/preferences.ts'
import { catalogue, type SearchRequest } from '../../state/stores.ts'
import { actionWords } from '../../words/actions.ts'
import { dialogWords } from '../../words/dialogs.ts'
import { categoryOf, nodeNames, titleOf } from '../../words/nodes.ts'
import { sayIn, useWords } from '../../words/words.ts'
import { actions } from '../actions.ts'
import { printKeys } from '../shortcuts.ts'
import { aliases } from './aliases.ts'
import { insertNode } from './insert.ts'
import { rank } from './ranker.ts'
import styles from './search.module.css'

interface Hit {
  readonly id: string
  readonly title: string
  readonly side: string
  readonly run: () => void
}

/** The search for nodes; a text that begins with `>` searches the actions instead. */
export function SearchBox({
  request,
  text,
  onClose,
}: {
  readonly request: SearchRequest
  readonly text: string
  readonly onClose: () => void
}) {
  const say = useWords(dialogWords)
  const dialog = useRef<HTMLDialogElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const id = useId()
  const [query, setQuery] = useState(text)
  const [at, setAt] = useState(0)
  const hits = useHits(query, request)
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal()
  }, [])
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: 'nearest' })
  }, [at])
  const choose = (hit: Hit | undefined) => {
    if (!hit) return
    onClose()
    hit.run()
  }
  const key = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      const next = at + step
      const last = hits.length - 1
      setAt(
        Math.abs(step) > 1
          ? Math.max(0, Math.min(last, next))
          : (next + hits.length) % Math.max(1, hits.length),
      )
    }
    if (event.key === 'Enter') {
      event.preventDefault()
      choose(hits[at])
    }
  }
  return (
    <dialog
      ref={dialog}
      className={styles.box}
      aria-label={say('search')}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onPointerDown={({ target }) => target === dialog.current && onClose()}
    >
      <input
        className={styles.input}
        role="combobox"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={hits[at] && `${id}-${at}`}
        aria-autocomplete="list"
        aria-label={say('search')}
        placeholder={say('search')}
        autoFocus
        spellCheck={false}
        autoComplete="off"
        value={query}
        onKeyDown={key}
        onChange={({ target }) => {
          setQuery(target.value)
          setAt(0)
        }}
      />
      {request.from && (
        <p className={styles.note}>{say('fitsOnly', { type: request.from.type })}</p>
      )}
      <div
        ref={list}
        id={`${id}-list`}
        className={styles.list}
        role="listbox"
        aria-label={say('results')}
      >
        {hits.map((hit, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are on the field that has them
          <div
            key={hit.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            tabIndex={-1}
            className={styles.hit}
            onPointerMove={() => setAt(index)}
            onClick={() => choose(hit)}
          >
            <span>{hit.title}</span>
            <small>{hit.side}</small>
          </div>
        ))}
      </div>
      {hits.length === 0 && <p className={styles.note}>{say('nothing', { text: query })}</p>}
      <p className="hidden-text" role="status">
        {say('count', { count: hits.length })}
      </p>
    </dialog>
  )
}

function useHits(query: string, request: SearchRequest): readonly Hit[] {
  const say = useWords(dialogWords)
  const word = useWords(actionWords)
  const nodes = useStore(catalogue, (state) => state.nodes)
  const recent = useStore(preferences, (state) => state.recent)
  // biome-ignore lint/correctness/useExhaustiveDependencies: say and word change with the language
  return useMemo(() => {
    if (query.startsWith('>')) {
      const able = actions.filter(({ enabled }) => enabled())
      const [en, ja] = [sayIn(actionWords, 'en'), sayIn(actionWords, 'ja')]
      const ids = rank(
        query.slice(1),
        able.map(({ name, word: key }) => ({ id: name, names: [word(key), en(key), ja(key)] })),
      )
      return ids.flatMap((name) => {
        const action = able.find((entry) => entry.name === name)
        if (!action) return []
        const side = action.keys?.[0] ? printKeys(action.keys[0]) : ''
        return [{ id: name, title: word(action.word), side, run: () => void action.run() }]
      })
    }
    const { from } = request
    const fitting = from && offers(nodes, from.type, from.side)
    const offered = [...nodes.values()].filter(({ type }) => !fitting || fitting.has(type))
    const candidates = offered.map(({ type, title, category }) => ({
      id: type,
      names: [
        titleOf(type, title),
        ...nodeNames(type, title),
        type,
        ...(aliases[type] ?? []),
        category,
      ],
    }))
    return rank(query, candidates, recent).map((type) => {
      const info = nodes.get(type)
      const group = categoryOf(info?.category ?? '')
      const side = query === '' && recent.includes(type) ? `${say('recent')} · ${group}` : group
      return {
        id: type,
        title: titleOf(type, info?.title),
        side,
        run: () => void insertNode(type, request),
      }
    })
  }, [query, request, nodes, recent, word])
}
