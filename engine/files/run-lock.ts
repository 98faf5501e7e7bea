import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Who holds a folder. */
export interface Holder {
  readonly pid: number
  /** When the folder was taken, as ISO 8601 in UTC. */
  readonly since: string
  /** Tells a process from a later one with its number; empty where the system does not say. */
  readonly birth: string
}

/**
 * Takes a folder for this process by a file `run.lock` in it, and gives the function that lets it
 * go. The file of a process that is gone is taken over. `refuse` is told who holds it, and throws.
 * Two runs of one process exclude each other as well.
 */
export async function lockFolder(
  folder: string,
  refuse: (holder: Holder) => never,
): Promise<() => Promise<void>> {
  const path = join(folder, 'run.lock')
  const own = join(folder, `.${randomUUID()}.lock`)
  const { pid } = process
  const text = JSON.stringify({ pid, since: new Date().toISOString(), birth: birthOf(pid) })
  const handle = await open(own, 'wx')
  await handle.writeFile(text).finally(() => handle.close())
  try {
    while (!(await linked(own, path))) {
      const found = await readFile(path, 'utf8').catch(() => undefined)
      if (found === undefined) continue
      const holder = holderOf(found)
      if (holder && isAlive(holder)) refuse(holder)
      await dropStale(path, found)
    }
  } finally {
    await rm(own, { force: true })
  }
  return () => rm(path, { force: true })
}

/** A hard link appears with its content or not at all, and never over another. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code === undefined || !['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code)) {
      throw cause
    }
  }
  try {
    const handle = await open(to, 'wx')
    await handle.writeFile(await readFile(from)).finally(() => handle.close())
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cause
  }
}

/** Moves a stale lock away; one that another process put there meanwhile goes back. */
async function dropStale(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  )
  if (!moved) return
  if ((await readFile(aside, 'utf8').catch(() => stale)) !== stale) await linked(aside, path)
  await rm(aside, { force: true })
}

function holderOf(text: string): Holder | undefined {
  try {
    const { pid, since, birth } = JSON.parse(text)
    const isHolder = Number.isInteger(pid) && typeof since === 'string' && typeof birth === 'string'
    return isHolder ? { pid, since, birth } : undefined
  } catch {
    return undefined
  }
}

function isAlive({ pid, birth }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (cause) {
    // A process of somebody else is alive too.
    if ((cause as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = birthOf(pid)
  return birth === '' || now === '' || birth === now
}

/** Boot and tick at which a process began; Linux only. */
function birthOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold blanks; the tick is the 20th entry after it. A zombie is gone.
    const entries = status.slice(status.lastIndexOf(')') + 2).split(' ')
    return entries[0] === 'Z' ? 'gone' : `${boot} ${entries[19]}`
  } catch {
    return ''
  }
}
