import { packGolden } from './golden-files.ts'

/** `node test/support/pack-golden.ts`, after new files were put into `test/golden`. */
for (const path of packGolden()) console.log(`packed ${path}`)
