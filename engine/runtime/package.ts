import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Absence } from './adapter.ts'

/** What the package onnxruntime-node has brought, without loading it. */

const require = createRequire(import.meta.url)
const packageFolder = dirname(require.resolve('onnxruntime-node/package.json'))

/** The version of onnxruntime. */
export const runtimeVersion: string = require('onnxruntime-node/package.json').version

/** Why there is no CUDA: the package leaves its library to a download of its own. */
export function cudaLibraryAbsence(): Absence | undefined {
  const { platform, arch } = process
  if (platform !== 'linux' || arch !== 'x64') {
    return { reason: `onnxruntime-node has no CUDA for ${platform} ${arch}` }
  }
  const library = 'libonnxruntime_providers_cuda.so'
  if (existsSync(join(packageFolder, 'bin', 'napi-v6', platform, arch, library))) return undefined
  return {
    reason: 'its provider library is not installed',
    remedy:
      'for an NVIDIA card: node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12, with CUDA 12 and cuDNN 9',
  }
}
