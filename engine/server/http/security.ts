import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { HttpError } from './errors.ts'

/** Where the server listens and who may use it. */
export interface AccessOptions {
  /** Address that it is bound to. */
  readonly host: string
  /** Demanded of everyone where given. */
  readonly token?: string | undefined
}

/** The parts of a request that decide whether it may pass. */
export interface Caller {
  readonly method: string
  header(name: string): string | undefined
}

/** Decides who may come in. */
export interface Access {
  readonly needsToken: boolean
  /** Throws the answer 403 for a foreign `Host`, and for a foreign `Origin` where it may change. */
  admit(caller: Caller, options?: { readonly always?: boolean }): void
  /** True where the request carries the token, or none is demanded. */
  knows(caller: Caller): boolean
  /** Compares in constant time. */
  isToken(text: string | undefined): boolean
}

/** Name of the cookie that holds the token. */
export const tokenCookie = 'mazeru_token'

const loopback = new Set(['localhost', '127.0.0.1', '::1'])
const everywhere = new Set(['0.0.0.0', '::', ''])
const reading = new Set(['GET', 'HEAD'])

/** True for an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return loopback.has(host) || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/** Rules for callers of a server that listens at `host`. */
export function createAccess({ host, token }: AccessOptions): Access {
  const isToken = (text: string | undefined) =>
    token === undefined || (text !== undefined && timingSafeEqual(digest(text), digest(token)))
  const isKnownHost = (name: string) => {
    if (loopback.has(name) || name === host.toLowerCase()) return true
    if (!everywhere.has(host)) return isLoopback(host) && isLoopback(name)
    const own = hostname().toLowerCase()
    return isIP(name) !== 0 || name === own || name === `${own}.local`
  }
  return {
    needsToken: token !== undefined,
    admit(caller, { always = false } = {}) {
      const given = caller.header('host') ?? ''
      const name = hostNameOf(given)
      if (name === undefined || !isKnownHost(name)) {
        const shown = JSON.stringify(given.slice(0, 80))
        throw new HttpError(403, `Host: ${shown}, the address of this server expected`)
      }
      if (reading.has(caller.method) && !always) return
      const origin = caller.header('origin')
      const site = caller.header('sec-fetch-site')
      const isForeign =
        origin === undefined
          ? site === 'cross-site' || site === 'same-site'
          : !isSame(origin, given)
      if (isForeign) {
        const shown = JSON.stringify((origin ?? site ?? '').slice(0, 80))
        throw new HttpError(403, `Origin: ${shown}, a page of this server expected`)
      }
    },
    knows: (caller) => isToken(bearerOf(caller) ?? cookieOf(caller)),
    isToken,
  }
}

/** Headers of every answer: nothing from elsewhere is loaded, and nobody may embed us. */
export const safeHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'self'",
    "img-src 'self' blob: data:",
    "style-src 'self' 'unsafe-inline'",
    "worker-src 'self' blob:",
    "connect-src 'self' ws: wss:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
}

function bearerOf(caller: Caller): string | undefined {
  return /^Bearer +(\S+)$/i.exec(caller.header('authorization') ?? '')?.[1]
}

function cookieOf(caller: Caller): string | undefined {
  const cookies = (caller.header('cookie') ?? '').split(';').map((part) => part.trim())
  const found = cookies.find((cookie) => cookie.startsWith(`${tokenCookie}=`))
  if (found === undefined) return undefined
  try {
    return decodeURIComponent(found.slice(tokenCookie.length + 1))
  } catch {
    return undefined
  }
}

/** The name in `name:port` or `[::1]:port`, lower case; undefined for what is neither. */
function hostNameOf(text: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(text)
  return (match?.[1] ?? match?.[2])?.toLowerCase()
}

function isSame(origin: string, host: string): boolean {
  try {
    return /^https?:$/.test(new URL(origin).protocol) && new URL(origin).host === bare(host, origin)
  } catch {
    return false
  }
}

/** The host as an origin writes it: without the usual port of its protocol. */
function bare(host: string, origin: string): string {
  return new URL(`${new URL(origin).protocol}//${host}`).host
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
