import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Where `npm run dev` passes on what is not the app itself: a coordinator. */
const server = process.env['SLUICE_URL'] ?? 'http://127.0.0.1:8083';

/** Beside each file that is worth it, the same packed: coordinators send what a browser takes, and pack nothing. */
function packed(): Plugin {
  return {
    name: 'packed',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const [name, part] of Object.entries(bundle)) {
        if (!/\.(js|css|svg|html)$/.test(name)) continue;
        const content = Buffer.from(part.type === 'chunk' ? part.code : part.source);
        this.emitFile({
          type: 'asset',
          fileName: `${name}.br`,
          source: brotliCompressSync(content),
        });
        this.emitFile({ type: 'asset', fileName: `${name}.gz`, source: gzipSync(content) });
      }
    },
  };
}

export default defineConfig({
  base: '/ui/',
  plugins: [packed()],
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
