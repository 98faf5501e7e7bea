/** The queue: runs in a database, the journal of events, and who brings runs to executors. */
export { type Database, openDatabase } from './database.ts'
export { type DispatchCounts, type Dispatcher, startDispatcher } from './dispatcher.ts'
export { openJournal } from './journal.ts'
export { openRunStore } from './run-store.ts'
export type {
  Claimed,
  Journal,
  JournalEntry,
  PictureFilter,
  PictureRow,
  RunStore,
} from './types.ts'
export { openWebhooks, signatureOf, type Webhooks } from './webhook.ts'
export type { WebhookRules } from './webhook-target.ts'
