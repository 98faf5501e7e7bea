import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { Readable } from 'node:stream'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json',
}

const encodings = [
  { name: 'br', ending: '.br' },
  { name: 'gzip', ending: '.gz' },
] as const

/**
 * A file of the built editor, or its page for an address that is none of a file. Names with a hash
 * are kept for ever by the browser. Undefined where there is neither.
 */
export async function editorFile(folder: string, request: Request): Promise<Response | undefined> {
  const path = addressOf(new URL(request.url).pathname)
  if (path === undefined) return undefined
  const isPage = extname(path) === ''
  const name = isPage ? 'index.html' : path
  const file = await fileIn(folder, name)
  if (!file) return undefined
  const accepted = request.headers.get('accept-encoding') ?? ''
  const packed = await packedOf(file.path, accepted)
  const chosen = packed?.file ?? file
  const isHashed = /-[\w-]{8,}\.\w+$/.test(name) && name.startsWith('assets/')
  const headers: Record<string, string> = {
    'Content-Type': types[extname(name).toLowerCase()] ?? 'application/octet-stream',
    'Content-Length': String(chosen.size),
    'Cache-Control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    Vary: 'Accept-Encoding',
    ...(packed && { 'Content-Encoding': packed.encoding }),
  }
  const tag = `"${chosen.size.toString(36)}-${Math.round(chosen.modified).toString(36)}"`
  if (request.headers.get('if-none-match') === tag) return new Response(null, { status: 304 })
  const stream = Readable.toWeb(createReadStream(chosen.path)) as ReadableStream<Uint8Array>
  const body = request.method === 'HEAD' ? null : stream
  if (!body) await stream.cancel()
  return new Response(body, { headers: { ...headers, ETag: tag } })
}

interface Found {
  readonly path: string
  readonly size: number
  readonly modified: number
}

async function packedOf(path: string, accepted: string) {
  for (const { name, ending } of encodings) {
    if (!new RegExp(`\\b${name}\\b`).test(accepted)) continue
    const file = await found(path + ending)
    if (file) return { encoding: name, file }
  }
  return undefined
}

/** A file whose real place is below the folder. */
async function fileIn(folder: string, name: string): Promise<Found | undefined> {
  const [root, path] = await Promise.all(
    [folder, join(folder, name)].map((place) => realpath(place).catch(() => undefined)),
  )
  return root && path?.startsWith(root + sep) ? found(path) : undefined
}

async function found(path: string): Promise<Found | undefined> {
  const known = await stat(path).catch(() => undefined)
  if (!known?.isFile()) return undefined
  return { path, size: known.size, modified: known.mtimeMs }
}

/** The address as a path below the folder; undefined for one that leads out or is no text. */
function addressOf(pathname: string): string | undefined {
  let path: string
  try {
    path = decodeURIComponent(pathname).slice(1)
  } catch {
    return undefined
  }
  const isBad = path.includes('\\') || path.includes('\0') || path.split('/').includes('..')
  return isBad ? undefined : path
}
