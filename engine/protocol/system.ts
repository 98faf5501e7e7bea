import { z } from 'zod'

/** The machine, as the meter and the doctor page show it. Bytes; temperatures in °C. */
export const hardwareInfo = z.object({
  gpus: z.array(
    z.object({
      name: z.string(),
      temperature: z.number().optional(),
      /** 0 to 1. */
      use: z.number().optional(),
      memoryUsed: z.number().optional(),
      memoryTotal: z.number().optional(),
    }),
  ),
  memory: z.object({
    /** Of the executors' processes together; 0 where the system does not tell. */
    rss: z.number(),
    free: z.number().optional(),
    total: z.number().optional(),
  }),
})
export type HardwareInfo = z.output<typeof hardwareInfo>

/** `GET /api/system`. */
export const systemInfo = z.object({
  version: z.string(),
  node: z.string(),
  platform: z.string(),
  /** What the executors were asked to compute on: `auto`, `cpu`, `cuda`. */
  device: z.string().optional(),
  executors: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['starting', 'idle', 'busy', 'restarting', 'stopped']),
      restarts: z.number(),
      run: z.string().optional(),
    }),
  ),
  hardware: hardwareInfo,
})
export type SystemInfo = z.output<typeof systemInfo>

/** How every refused request is answered, whatever its status. */
export const errorReply = z.object({
  error: z.string().describe('a sentence'),
  problems: z.array(z.record(z.string(), z.unknown())).optional(),
})
