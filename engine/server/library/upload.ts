import { randomUUID } from 'node:crypto'
import { link, mkdir, open, rm } from 'node:fs/promises'
import { basename, dirname, extname, join, relative, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { DeviceError, FormatError, isUserError, messageOf } from '../../errors.ts'
import type { Workbench } from '../../executor/types.ts'
import { type FileFolders, fileKinds } from '../../files/places.ts'
import { unfinishedEnding } from '../../files/save.ts'
import type { AssetKind } from '../../protocol/index.ts'
import { pathInside, visibleName } from './inside.ts'
import { isPictureKind } from './scan.ts'

/** An upload on its way in. */
export interface UploadRequest {
  readonly kind: AssetKind
  readonly name: string
  readonly body: Readable
  readonly maxBytes: number
  readonly workbench: Pick<Workbench, 'inspect'>
}

/** Largest picture; above any of 8192 x 8192 pixels. */
const maxPictureBytes = 2 ** 28

/**
 * Writes an upload beside its place, checks it and gives it its name, numbered where that is
 * taken. Gives the name and the path. Nothing is left of one that is cut off, too large or bad.
 */
export async function takeUpload(
  folders: FileFolders,
  request: UploadRequest,
): Promise<{ name: string; path: string }> {
  const { kind, workbench, maxBytes } = request
  const name = visibleName(kind, request.name).replaceAll(/[<>:"|?*]/g, '_')
  const { endings } = fileKinds[kind]
  if (!endings.some((ending) => name.toLowerCase().endsWith(ending))) {
    throw new FormatError(
      `${name}: ends in "${extname(name)}", one of ${endings.join(' ')} expected`,
    )
  }
  const folder = folderFor(folders, kind)
  const target = await pathInside(folder, kind, name)
  const limit = isPictureKind(kind) ? Math.min(maxBytes, maxPictureBytes) : maxBytes
  const unfinished = join(dirname(target), `.${randomUUID()}${unfinishedEnding}`)
  try {
    await mkdir(dirname(target), { recursive: true })
    await receive(unfinished, name, request.body, limit)
    await workbench.inspect(kind, unfinished).catch((thrown) => {
      // Said of the file that was sent, not of the one beside.
      if (!(thrown instanceof FormatError)) throw thrown
      const message = thrown.message.replaceAll(basename(unfinished), basename(name))
      throw new FormatError(message, { cause: thrown })
    })
    const path = await claim(unfinished, target)
    return { name: relative(folder, path).split(sep).join('/'), path }
  } finally {
    await rm(unfinished, { force: true })
  }
}

function folderFor(folders: FileFolders, kind: AssetKind): string {
  if (isPictureKind(kind)) return folders[kind]
  const [models] = folders.models
  if (models === undefined) throw new FormatError(`${kind}: no folder of models, one expected`)
  return join(models, fileKinds[kind].folders[0]!)
}

async function receive(path: string, name: string, body: Readable, limit: number): Promise<void> {
  const handle = await open(path, 'wx')
  let bytes = 0
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      bytes += piece.length
      if (bytes > limit) {
        throw new FormatError(`${name}: more than ${limit} bytes, at most that many expected`)
      }
      await handle.writeFile(piece)
    }
    if (body.destroyed && !body.readableEnded) throw new Error('aborted')
    await handle.sync()
  } catch (cause) {
    body.destroy()
    throw explained(cause, name, bytes)
  } finally {
    await handle.close()
  }
}

const diskCodes: readonly string[] = ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']

function explained(cause: unknown, name: string, bytes: number): unknown {
  if (isUserError(cause)) return cause
  if (diskCodes.includes((cause as NodeJS.ErrnoException).code ?? '')) {
    const found = `${bytes} bytes do not fit (${messageOf(cause)})`
    return new DeviceError(`${name}: ${found}, free space expected; free some and send it again`, {
      cause,
    })
  }
  return new FormatError(
    `${name}: the upload ended after ${bytes} bytes, the whole file expected`,
    {
      cause,
    },
  )
}

/** Gives the file its name, or the first free `name-2.png`; never over another. */
async function claim(unfinished: string, target: string): Promise<string> {
  const ending = extname(target)
  const stem = target.slice(0, -ending.length)
  for (let number = 1; ; number++) {
    const path = number === 1 ? target : `${stem}-${number}${ending}`
    try {
      await link(unfinished, path)
      return path
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown
    }
  }
}
