import { defineWords } from './words.ts'

/** Sentences of the dialogs and of the search. */
export const dialogWords = defineWords({
  en: {
    closeTitle: 'Close {name}?',
    closeText: 'The server has no copy of the last edits. Closing forgets them.',
    closeAnyway: 'Close without saving',
    filter: 'Filter',
    fromFile: 'Open a workflow file or a picture made by mazeru',
    search: 'Search nodes; > for commands',
    results: 'Results',
    nothing: 'Nothing fits “{text}”',
    recent: 'last used',
    fitsOnly: 'Only nodes that take or give {type}',
    count: '{count} results',
    added: '{name} added',
    converterTitle: 'These two do not fit',
    leaveUnlinked: 'Leave them unlinked',
  },
  ja: {
    closeTitle: '{name} を閉じますか?',
    closeText: '最後の編集はサーバーに保存されていません。閉じると失われます。',
    closeAnyway: '保存せずに閉じる',
    filter: '絞り込み',
    fromFile: 'ワークフローファイルか mazeru で作られた画像を開く',
    search: 'ノードを検索 (> でコマンド)',
    results: '検索結果',
    nothing: '「{text}」に合うものがありません',
    recent: '最近使用',
    fitsOnly: '{type} をつなげられるノードのみ',
    converterTitle: 'この二つはつながりません',
    leaveUnlinked: 'つながない',
    count: '{count} 件',
    added: '{name} を追加しました',
  },
})
