import { type ComponentType, memo, Suspense } from 'react'
import { widgetWords } from '../words/widgets.ts'
import { useWords } from '../words/words.ts'
import { BlockWeights } from './block-weights.tsx'
import { CurveWidget } from './curve-widget.tsx'
import { FileWidget } from './files/file-widget.tsx'
import { type WidgetKind, widgetHeight, widgetKind } from './kinds.ts'
import { PromptWidget } from './prompt/prompt-box.tsx'
import type { WidgetProps } from './props.ts'
import { SearchChoiceWidget } from './search-choice.tsx'
import { SeedWidget } from './seed-row.tsx'
import {
  ChoiceWidget,
  ColourWidget,
  JsonWidget,
  NumberWidget,
  SliderWidget,
  SwitchWidget,
  TextWidget,
} from './simple.tsx'
import styles from './widgets.module.css'

interface Entry {
  readonly Component: ComponentType<WidgetProps>
  /** Where the control stands: beside the name, below it, or with a part in each place. */
  readonly place: 'beside' | 'below' | 'both'
}

const widgets: Readonly<Record<WidgetKind, Entry>> = {
  number: { Component: NumberWidget, place: 'beside' },
  slider: { Component: SliderWidget, place: 'beside' },
  seed: { Component: SeedWidget, place: 'both' },
  choice: { Component: ChoiceWidget, place: 'beside' },
  search: { Component: SearchChoiceWidget, place: 'beside' },
  switch: { Component: SwitchWidget, place: 'beside' },
  text: { Component: TextWidget, place: 'beside' },
  prompt: { Component: PromptWidget, place: 'below' },
  file: { Component: FileWidget, place: 'both' },
  weights: { Component: BlockWeights, place: 'both' },
  colour: { Component: ColourWidget, place: 'beside' },
  curve: { Component: CurveWidget, place: 'below' },
  json: { Component: JsonWidget, place: 'below' },
}

/** The widget of one param with its name, as high as `widgetHeight` says. */
export const ParamWidget = memo(function ParamWidget(
  props: WidgetProps & {
    /** A link feeds it: the value in the workflow does not count. */
    readonly linked: boolean
    /** Shown in place of the name. */
    readonly label?: string
  },
) {
  const { linked, label, ...given } = props
  const { name, info, value } = given
  const say = useWords(widgetWords)
  const kind = widgetKind(info)
  const { Component, place } = widgets[kind]
  const height = widgetHeight(info, value)
  const below = place === 'below' && height > 26 && !linked
  return (
    <div
      className={styles.row}
      style={{ height }}
      data-widget={kind}
      data-param={name}
      title={info.schema.description as string | undefined}
    >
      <span className={styles.label} aria-hidden>
        {label ?? name}
      </span>
      {linked ? (
        <span className={styles.linked}>{say('linked')}</span>
      ) : (
        <Suspense fallback={<span className={styles.linked}>…</span>}>
          {place === 'both' ? (
            <Component {...given} />
          ) : (
            <div className={below ? styles.wide : styles.control}>
              <Component {...given} />
            </div>
          )}
        </Suspense>
      )}
    </div>
  )
})
