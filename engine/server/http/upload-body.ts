import { Readable, Transform } from 'node:stream'
import { HttpError } from './errors.ts'
import type { Call } from './route.ts'

/** The body of an upload on its way in. */
export interface UploadBody {
  /** Ends in an error where the body is too large or broken off. */
  readonly stream: Readable
  /** The answer that the body itself calls for, whatever its reader made of the error. */
  readonly refusal: HttpError | undefined
  /** Throws away what nobody read, so that the client hears the answer instead of a reset. */
  end(): void
}

/** The raw body of a request, counted. Throws the answer 413 where it says that it is too large. */
export function uploadOf({ request, incoming }: Call, most: number): UploadBody {
  const told = request.headers.get('content-length')
  const promised = told === null ? undefined : Number(told)
  const source =
    incoming ?? (request.body ? Readable.fromWeb(request.body as never) : Readable.from([]))
  const tooLarge = () =>
    new HttpError(413, `body: larger than ${most} bytes, at most that expected`)
  if (promised !== undefined && promised > most) {
    source.resume()
    throw tooLarge()
  }
  let bytes = 0
  let refusal: HttpError | undefined
  const refuse = (error: HttpError) => {
    refusal ??= error
    return error
  }
  const stream = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length
      if (bytes > most) done(refuse(tooLarge()))
      else done(null, chunk)
    },
    flush(done) {
      const isWhole = promised === undefined || bytes === promised
      const cut = () => new HttpError(400, `body: ${bytes} bytes, ${promised} expected`)
      done(isWhole ? null : refuse(cut()))
    },
  })
  // Its reader is told; before there is one, and after it has gone, nobody needs to be.
  stream.on('error', () => undefined)
  const broken = () => {
    if (source.readableEnded || stream.destroyed) return
    stream.destroy(refuse(new HttpError(400, 'body: broken off, whole expected')))
  }
  source.on('error', broken)
  source.on('close', broken)
  source.pipe(stream)
  return {
    stream,
    get refusal() {
      return refusal
    },
    end() {
      source.unpipe(stream)
      source.resume()
    },
  }
}
