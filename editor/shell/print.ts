/** Bytes as a person reads them: `1.5 GB`. */
export function printBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let [value, unit] = [bytes, 0]
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1]
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** Seconds as a person reads them: `4.2 s`, `3:05`, `1:02:09`. */
export function printSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  const whole = Math.round(seconds)
  const pad = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`
}

/** A time of day, with the date where that is another day. */
export function printTime(time: number, language: string, now = Date.now()): string {
  const same = new Date(time).toDateString() === new Date(now).toDateString()
  return new Intl.DateTimeFormat(language, {
    ...(!same && ({ month: 'short', day: 'numeric' } as const)),
    hour: '2-digit',
    minute: '2-digit',
  }).format(time)
}
