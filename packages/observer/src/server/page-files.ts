import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';

import type { Answer } from './exchange.ts';

/** `vite build` writes the page there. In a published package this file is in `dist`, too. */
const folder = new URL(
  import.meta.url.includes('/src/server/') ? '../../dist/page/' : './page/',
  import.meta.url,
);

/** No other file is served. Names of assets hold a digest of their content. */
const name = /^(?:index\.html|assets\/[\w-]+(?:\.[\w-]+)?\.(?:js|css|woff2))$/;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** A file of the page by its path below the page; `undefined` if there is none. */
export async function pageFile(path: string): Promise<Answer | undefined> {
  const file = path === '/' ? 'index.html' : path.slice(1);
  if (!name.test(file)) {
    return undefined;
  }
  try {
    const body = await readFile(new URL(file, folder));
    const isAsset = file.startsWith('assets/');
    return {
      status: 200,
      headers: {
        'content-type': types[extname(file)] ?? 'application/octet-stream',
        'cache-control': isAsset ? 'public, max-age=31536000, immutable' : 'no-cache',
      },
      body,
    };
  } catch {
    return undefined;
  }
}
