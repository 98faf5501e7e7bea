import { spawn } from 'node:child_process'
import type { Place } from './folders.ts'

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
  linux: ['xdg-open'],
}

/** Opens an address in the user's browser where there is a screen; says nothing if that fails. */
export function openBrowser(address: string, { platform, environment }: Place): void {
  const hasScreen = environment.DISPLAY || environment.WAYLAND_DISPLAY
  const [program, ...words] = openers[platform] ?? []
  if (program === undefined || (platform === 'linux' && !hasScreen)) return
  const child = spawn(program, [...words, address], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
