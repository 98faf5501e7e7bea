import { packGolden } from './golden-files.ts'

/**
 * `node test/support/pack-golden.ts`, after new files were put into `test/golden`. Paths given to
 * it, such as `models/lora/two`, are files or folders that leave the archives.
 */
for (const path of packGolden(undefined, process.argv.slice(2))) console.log(`packed ${path}`)
