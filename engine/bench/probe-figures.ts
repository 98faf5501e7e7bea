import type { FigureEntry } from './figures.ts'

const share = { unit: '%', needs: 'any', part: 'probe' } as const

/** How often the demo model draws what it is asked for, see `probe.ts`. */
export const probeFigures = {
  probe_object: { title: 'one object: it is the right one', ...share, least: 95 },
  probe_colour: { title: 'one object: its colour is right', ...share, least: 98 },
  probe_place: { title: 'one object: the ground is right', ...share },
  probe_time: { title: 'one object: the time of day is right', ...share },
  probe_all: { title: 'one object: all four are right', ...share },
  probe_pair_object: { title: 'two objects: both are the right ones', ...share },
  probe_pair_colour: { title: 'two objects: both colours are right', ...share },
  probe_pair_all: { title: 'two objects: all is right', ...share },
  probe_drawn_object: { title: "the probe's own part: objects of drawn pictures", ...share },
  probe_drawn_colour: { title: "the probe's own part: colours of drawn pictures", ...share },
  probe_drawn_all: { title: "the probe's own part: all is right in drawn pictures", ...share },
} as const satisfies Record<string, FigureEntry>
