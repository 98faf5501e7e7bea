/** Workflow files with revisions, and the workflows that come along. */
export { type DocumentsOptions, openDocuments } from './open-documents.ts'
export { StaleError } from './stale-error.ts'
export { templatePicture } from './templates.ts'
export type { Documents, DocumentVersion, OpenDocument } from './types.ts'
