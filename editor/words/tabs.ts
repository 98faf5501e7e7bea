import { defineWords } from './words.ts'

/** What the tabs say. */
export const tabsWords = defineWords({
  en: {
    journal: 'Edits cannot be kept in this browser: {error}. Save the workflow to a file.',
    restored: 'Brought back {count} workflows with unsaved edits.',
  },
  ja: {
    journal: 'このブラウザに編集内容を保存できません: {error}。ワークフローを保存してください。',
    restored: '未保存の編集があるワークフローを {count} 件復元しました。',
  },
})
