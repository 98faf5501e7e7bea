import { type Access, tokenCookie } from './security.ts'

/** A year. */
const cookieSeconds = 31_536_000

/**
 * The answer to an address that ends in `?token=`: a cookie and the address without it.
 * Undefined where the token is wrong.
 */
export function signedIn(access: Access, url: URL, isSecure: boolean): Response | undefined {
  const token = url.searchParams.get('token') ?? ''
  if (!access.isToken(token)) return undefined
  const target = new URL(url)
  target.searchParams.delete('token')
  const cookie = [
    `${tokenCookie}=${encodeURIComponent(token)}`,
    ...['Path=/', 'HttpOnly', 'SameSite=Strict', `Max-Age=${cookieSeconds}`],
    ...(isSecure ? ['Secure'] : []),
  ].join('; ')
  // One slash only: "//name" would be another server.
  const location = `/${target.pathname.replace(/^\/+/, '')}${target.search}`
  return new Response(null, { status: 303, headers: { Location: location, 'Set-Cookie': cookie } })
}

/** The page that asks for the token. */
export function askForToken(wasWrong: boolean): Response {
  const sentence = wasWrong
    ? 'That is not the token of this server.'
    : 'This server needs a token. It was printed where the server was started.'
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>mazeru</title>
<meta name="viewport" content="width=device-width">
<main><h1>mazeru</h1><p role="alert">${sentence}</p>
<form method="get" action="/"><label>Token <input name="token" type="password" autofocus required>
</label> <button>Open</button></form></main></html>`
  const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }
  return new Response(page, { status: 401, headers })
}
