import { createStore } from 'zustand/vanilla'
import type { Box, Point } from './metrics.ts'

/** Where the canvas is: pixels of the screen per pixel of the graph, and its origin. */
export interface Transform extends Point {
  readonly k: number
}

/** What the rest of the editor may ask of the canvas. */
export interface View {
  /** Shows these items, or all. */
  fit(ids?: Iterable<string>): void
  /** Brings an item to the middle. */
  centre(id: string): void
  /** Zooms around the middle of the canvas. */
  zoomTo(k: number): void
  /** From a point of the window to the graph. */
  toGraph(pointer: Point): Point
  /** From a point of the graph to the window. */
  toScreen(point: Point): Point
  state(): Transform & { readonly width: number; readonly height: number }
  set(transform: Transform): void
  /** Boxes of all nodes, frames and notes. */
  boxes(): ReadonlyMap<string, Box>
  /** Gives the keyboard to a node. */
  focus(id: string): void
}

const shown = createStore<{ readonly view: View | undefined }>(() => ({ view: undefined }))

/** Puts the canvas that is on the page in charge; undefined when it goes. */
export function showView(view: View | undefined): void {
  shown.setState({ view })
}

const nowhere: View = {
  fit: () => {},
  centre: () => {},
  zoomTo: () => {},
  toGraph: (point) => point,
  toScreen: (point) => point,
  state: () => ({ x: 0, y: 0, k: 1, width: 0, height: 0 }),
  set: () => {},
  boxes: () => new Map(),
  focus: () => {},
}

const now = () => shown.getState().view ?? nowhere

/** The canvas on the page; does nothing while there is none. */
export const view: View = {
  // biome-ignore lint/suspicious/noFocusedTests: no test.
  fit: (ids) => now().fit(ids),
  centre: (id) => now().centre(id),
  zoomTo: (k) => now().zoomTo(k),
  toGraph: (pointer) => now().toGraph(pointer),
  toScreen: (point) => now().toScreen(point),
  state: () => now().state(),
  set: (transform) => now().set(transform),
  boxes: () => now().boxes(),
  focus: (id) => now().focus(id),
}

export const leastZoom = 0.05
export const mostZoom = 3

/** The transform that shows a rectangle in a window, with room around it. */
export function fitting(box: Box, width: number, height: number, most = 1): Transform {
  const room = 40
  const scale = Math.min((width - 2 * room) / box.width, (height - 2 * room) / box.height)
  const k = Math.max(leastZoom, Math.min(most, scale))
  return {
    k,
    x: width / 2 - (box.x + box.width / 2) * k,
    y: height / 2 - (box.y + box.height / 2) * k,
  }
}
