import { defineWords } from './words.ts'

/** Why a link does not fit. */
export const fitsWords = defineWords({
  en: {
    type: '{given} given, {expected} expected',
    convert: '{given} given, {expected} expected; add {nodes} between them',
    cycle: '{node} would need its own result, expected no circle',
    side: 'the other end of a link is expected here',
    or: ' or ',
  },
  ja: {
    type: '{given} が渡されますが、{expected} が必要です',
    convert: '{given} が渡されますが、{expected} が必要です。間に {nodes} を入れてください',
    cycle: '{node} が自分の結果を必要とすることになり、循環はできません',
    side: 'ここにはリンクの反対側の端が必要です',
    or: ' か ',
  },
})
