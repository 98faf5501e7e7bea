/** The files of the configured folders: models and pictures. */
export { type LibraryOptions, openLibrary } from './open-library.ts'
export type { Library } from './types.ts'
