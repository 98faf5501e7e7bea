import { join } from 'node:path'
import type { Measurement } from './bench.ts'
import { runScript } from './child.ts'

/** Memory of a gradient through attention, with and without computing it again. */
export const attentionChains: Measurement = {
  gives: ['attention_chain_kept_mb', 'attention_chain_recomputed_mb'],
  opensCheckpoint: false,
  async measure({ io }) {
    const script = join(import.meta.dirname, 'attention-chain-alone.ts')
    const peakOf = async (recompute: string) => {
      const { stdout } = await runScript(script, [recompute], io.clock)
      const value = (JSON.parse(stdout) as { peakBytes: number }).peakBytes / 2 ** 20
      return { value, samples: [value] }
    }
    return {
      attention_chain_kept_mb: await peakOf('none'),
      attention_chain_recomputed_mb: await peakOf('attention'),
    }
  },
}
