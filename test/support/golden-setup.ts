import { unpackedVariable, unpackGolden } from './golden-files.ts'

/** Unpacks the repository's reference data once, before the first test file. */
export function setup(): void {
  process.env[unpackedVariable] = unpackGolden()
}
