import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Files of at most so many bytes fit in one packet anyway. */
const leastPacked = 1024

/** Writes `.br` and `.gz` beside the files of text, which the server sends to who takes them. */
function packed(): Plugin {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
  return {
    name: 'packed',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        for (const [name, file] of Object.entries(bundle)) {
          const content = Buffer.from(file.type === 'chunk' ? file.code : file.source)
          if (content.length <= leastPacked || !/\.(js|css|html|svg|json)$/.test(name)) continue
          const emit = (ending: string, source: Uint8Array) =>
            this.emitFile({ type: 'asset', fileName: name + ending, source })
          emit('.br', brotliCompressSync(content, quality))
          emit('.gz', gzipSync(content, { level: 9 }))
        }
      },
    },
  }
}

/** Builds the editor into `editor/dist`, which the server serves. No script is inline. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react(), packed()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400,
  },
  server: {
    port: 4181,
    strictPort: false,
    proxy: { '/api': { target: 'http://127.0.0.1:4180', ws: true } },
  },
})
