import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Builds the editor into `editor/dist`, which the server serves. No script is inline. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react()],
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
