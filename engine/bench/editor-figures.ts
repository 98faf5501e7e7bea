/** Figures of the editor: main-thread CPU of ours over the peer's in one browser run. */
export const editorFigures = {
  editor_open_ratio: ratio('opening 1000 nodes', 1.2),
  editor_pan_ratio: ratio('a pan event', 1),
  editor_zoom_ratio: ratio('a zoom event', 1),
  editor_drag_ratio: ratio('an event of dragging one node', 1),
  editor_drag_100_ratio: ratio('an event of dragging 100 nodes', 1),
  editor_far_pan_ratio: ratio('a pan event with the whole graph in view', 1),
  editor_crossing_ms: {
    title: 'longest task when the zoom crosses the threshold of boxes, 1000 nodes',
    ...own('ms', 50),
  },
  editor_listeners: {
    title: 'listeners with 1000 nodes open',
    ...own('listeners', 10_000),
  },
  editor_heap_mb: {
    title: 'JavaScript heap with 1000 nodes open, over the empty editor',
    ...own('MB', 12),
  },
  editor_undo_ms: {
    title: 'slowest undo of 1000 edits',
    ...own('ms', 50),
  },
  editor_first_load_kb: {
    title: 'JavaScript that is loaded before the first workflow shows, gzip',
    ...own('KB', 240),
  },
  editor_event_ms: {
    title: 'from a progress event of the engine to its pixels, 95th percentile',
    ...own('ms', 50),
  },
} as const

function own(unit: string, most: number) {
  return { unit, needs: 'any', part: 'editor', most } as const
}

function ratio(what: string, most: number) {
  return {
    title: `${what}, over @comfyorg/litegraph`,
    ...own('ratio', most),
  }
}
