import { defineConfig } from 'vite';

/** Where `npm run dev` passes on what is not the app itself: a coordinator. */
const server = process.env['SLUICE_URL'] ?? 'http://127.0.0.1:8083';

export default defineConfig({
  base: '/ui/',
  resolve: { conditions: ['@sluice/source', 'module', 'browser', 'development|production'] },
  build: {
    target: 'es2023',
    // Names of what was loaded already are no secret, and a stack trace of a browser says where it is.
    sourcemap: false,
    // Everything is needed at once, and a second request costs more than it saves.
    chunkSizeWarningLimit: 700,
    assetsInlineLimit: 0,
  },
  server: {
    proxy: {
      '^/(?!ui(/|$)|@|node_modules)': { target: server, changeOrigin: false },
    },
  },
});
