import type { FigureEntry } from './figures.ts'

/** Figures of training a LoRA of rank 8, see `train.ts`. */
export const trainFigures = {
  train_steps_per_second: {
    title: 'optimizer steps, pictures read as in a run and latents kept',
    unit: '1/s',
    needs: 'any',
    part: 'train',
  },
  train_peak_mb: {
    title: 'most memory of that run, over the idle process',
    unit: 'MB',
    needs: 'any',
    part: 'train',
  },
  train_data_share: {
    title: 'share of the steps that waits for data, pictures being encoded for the first time',
    unit: 'ratio',
    needs: 'any',
    part: 'train',
  },
  train_start_s: {
    title: 'loading the programs of a training',
    unit: 's',
    needs: 'any',
    part: 'train',
  },
  train_peak_none_mb: {
    title: 'most memory of steps alone, all kept for the way back',
    unit: 'MB',
    needs: 'any',
    part: 'train',
  },
  train_peak_attention_mb: {
    title: 'most memory of steps alone, attention and norms recomputed',
    unit: 'MB',
    needs: 'any',
    part: 'train',
  },
  train_peak_block_mb: {
    title: 'most memory of steps alone, blocks recomputed',
    unit: 'MB',
    needs: 'any',
    part: 'train',
  },
  train_step_none_ms: {
    title: 'a step alone, all kept for the way back',
    unit: 'ms',
    needs: 'any',
    part: 'train',
  },
  train_step_attention_ms: {
    title: 'a step alone, attention and norms recomputed',
    unit: 'ms',
    needs: 'any',
    part: 'train',
  },
  train_step_block_ms: {
    title: 'a step alone, blocks recomputed',
    unit: 'ms',
    needs: 'any',
    part: 'train',
  },
  attention_chain_kept_mb: {
    title: 'gradient of 8 attention layers of 1024 tokens, all kept',
    unit: 'MB',
    needs: 'any',
    part: 'train',
  },
  attention_chain_recomputed_mb: {
    title: 'the same, attention recomputed',
    unit: 'MB',
    needs: 'any',
    part: 'train',
  },
  train_versus_ratio: {
    title: "the other program's step, over ours with attention recomputed",
    unit: 'ratio',
    needs: 'full',
    part: 'train',
    least: 1,
  },
} as const satisfies Record<string, FigureEntry>
