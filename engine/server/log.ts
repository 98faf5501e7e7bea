import { type Logger, pino } from 'pino'

/** Levels of the log, from the quietest. */
export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/** A log of JSON lines; `silent` writes none. */
export function openLog(level: LogLevel, write: (line: string) => void = () => {}): Logger {
  return pino({ name: 'mazeru', level, base: null }, { write })
}
