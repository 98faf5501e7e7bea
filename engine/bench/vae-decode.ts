import { decodeLatent } from '../inference/autoencode.ts'
import { cpuDevice } from '../runtime/device.ts'
import { createSessionPool } from '../runtime/session-pool.ts'
import { alternate, median } from './alternate.ts'
import { type Measurement, openCheckpoint, someNumbers } from './bench.ts'

/** Decoding one picture of 512 by 512, the program being loaded. */
export const vaeDecode: Measurement = {
  gives: ['vae_decode_ms'],
  opensCheckpoint: true,
  async measure({ io, file, rounds }) {
    const { family, vae } = await openCheckpoint(file)
    const pool = createSessionPool(cpuDevice, Number.POSITIVE_INFINITY)
    const latent = someNumbers([1, 4, 64, 64])
    try {
      const decode = () => decodeLatent(pool, { family, network: vae! }, latent)
      const times = await alternate({ decode }, Math.min(rounds, 2), io.clock)
      return { vae_decode_ms: median(times.decode) }
    } finally {
      await pool.close()
    }
  },
}
