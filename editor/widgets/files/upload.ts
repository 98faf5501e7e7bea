import type { Asset, AssetKind } from '../../../engine/protocol/library.ts'
import { ApiError, api, encodeName } from '../../link/api.ts'

/** Sends a file to the library and tells how much has gone, 0 to 1. Throws an ApiError. */
export function upload(
  kind: AssetKind,
  name: string,
  file: Blob,
  onProgress: (part: number) => void = () => undefined,
): Promise<Asset> {
  return new Promise((resolve, reject) => {
    // fetch does not tell how much of a body has gone.
    const request = new XMLHttpRequest()
    request.open('PUT', api.address(`/api/library/${kind}/upload/${encodeName(name)}`))
    for (const [key, value] of Object.entries(api.headers())) request.setRequestHeader(key, value)
    request.responseType = 'json'
    request.upload.onprogress = ({ loaded, total }) => total > 0 && onProgress(loaded / total)
    request.onerror = () => reject(new ApiError(`${name}: no answer from the server`, 0, undefined))
    request.onload = () => {
      const { status, response } = request
      if (status >= 200 && status < 300) resolve(response as Asset)
      else reject(new ApiError(response?.error ?? `${name}: refused (${status})`, status, response))
    }
    request.send(file)
  })
}
