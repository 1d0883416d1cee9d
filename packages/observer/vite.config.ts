import { defineConfig } from 'vite';

/** The page works below any path, and no part of it is in a `data:` URL but its icon. */
export default defineConfig({
  root: 'page',
  base: './',
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2022',
    reportCompressedSize: false,
  },
});
