/**
 * What `check` may ask about files. Names are relative to a folder such as `loras`;
 * which directory that is, is not the engine's business.
 */
export interface Lookup {
  /** Names of all files in a folder, empty where the folder does not exist. */
  names(folder: string): Promise<readonly string[]>
  /** Text that changes with the content, such as size and time; undefined without such a file. */
  fingerprint(folder: string, name: string): Promise<string | undefined>
  /** The header of a file, read without its data. Throws a FormatError where it is bad. */
  header(folder: string, name: string): Promise<unknown>
}
