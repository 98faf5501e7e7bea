import { registerBody } from '../graph/bodies.ts'
import { isMixer, mixerHeight, mixerParams } from './mixer/items.ts'
import { MixerBody } from './mixer/mixer-body.tsx'
import { buttonHeight, CropBody, MaskBody } from './picture-bodies.tsx'

/** Tells the canvas what these nodes show below their params. To be called once, before drawing. */
export function registerWidgetBodies(): void {
  registerBody(isMixer, {
    height: mixerHeight,
    Component: MixerBody,
    params: (entry, info) => mixerParams(entry, info),
  })
  const plain = { height: () => buttonHeight }
  registerBody(({ type }) => type === 'load-mask', { ...plain, Component: MaskBody })
  registerBody(({ type }) => type === 'crop-image', { ...plain, Component: CropBody })
}
