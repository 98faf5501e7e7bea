import type { Model } from '../models/handles.ts'
import { timeEmbedding, unetProgram } from '../models/unet.ts'
import { layersOf } from '../models/weights.ts'
import type { HeldTensor, Session } from '../runtime/session.ts'
import type { SessionPool } from '../runtime/session-pool.ts'
import type { NumericTensor } from '../sockets.ts'
import { buildOptions } from './build.ts'
import type { LoraFeeder, LoraFeeds } from './lora-feeds.ts'
import { joinChannels, repeat, stack, unstack } from './tensors.ts'

/** What stays the same over the steps of one sampling run. */
export interface PredictionSettings {
  /** One encoded prompt per evaluation, `[1, tokens, features]`: prompt, then negative prompt. */
  readonly contexts: readonly NumericTensor[]
  readonly batch: number
  /** Further channels of an inpaint U-Net, `[batch | 1, 5, height/8, width/8]`. */
  readonly extra?: NumericTensor
}

/** Raw predictions of a U-Net for one sampling run. */
export interface Predictor {
  /**
   * One prediction `[batch, 4, height/8, width/8]` per context, for scaled `x` at one timestep (or
   * one per picture). The model may be another blend than at the step before: only scales move.
   */
  predict(model: Model, x: NumericTensor, timesteps: readonly number[]): Promise<NumericTensor[]>
  close(): void
}

/** Readies the encoded prompts of a run on the device. */
export async function openPredictor(
  pool: SessionPool,
  feeder: LoraFeeder,
  { contexts, batch, extra }: PredictionSettings,
): Promise<Predictor> {
  // Prompts of one length go through the network together; others one after another.
  const together = new Set(contexts.map((context) => context.shape[1])).size === 1
  const groups = together ? [contexts] : contexts.map((context) => [context])
  const held: HeldTensor[] = []
  for (const group of groups) {
    const context = stack(group.map((one) => repeat(one, batch)))
    held.push((await pool.hold({ context })).context)
  }
  return {
    async predict(model, x, timesteps) {
      const lora = loraOf(feeder, model)
      const session = await unetSession(pool, model, lora)
      const factors = await lora.feeds()
      const full = extra ? joinChannels([x, extra]) : x
      const results: NumericTensor[] = []
      for (const [index, group] of groups.entries()) {
        const rows = group.length * batch
        const times = group.flatMap(() =>
          timesteps.length === batch ? timesteps : new Array(batch).fill(timesteps[0]),
        )
        const { prediction } = await session.run({
          sample: stack(group.map(() => full)),
          time: {
            data: timeEmbedding(times, model.unet.config.channels[0]!),
            shape: [rows, model.unet.config.channels[0]!],
          },
          context: held[index]!,
          ...factors,
        })
        results.push(...unstack(prediction as NumericTensor, group.length))
      }
      return results
    },
    close() {
      for (const tensor of held) tensor.release()
    },
  }
}

function loraOf(feeder: LoraFeeder, model: Model): LoraFeeds {
  return feeder.prepare(model.loras, 'unet', layersOf(model.unet.weights))
}

function unetSession(pool: SessionPool, { unet }: Model, lora: LoraFeeds): Promise<Session> {
  return pool.session(`${unet.id} lora ${lora.key}`, async () => {
    const { adapted } = lora
    const baked = await lora.baked(unet.weights)
    return unetProgram(unet.weights, unet.config, buildOptions(pool.device, { adapted, baked }))
  })
}
