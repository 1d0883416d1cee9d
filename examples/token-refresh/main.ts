/**
 * `node --conditions=@reprise/source examples/token-refresh/main.ts URL TOKEN_URL`, until Ctrl+C,
 * or until the server refuses two tokens in a row: then with status 1.
 */
import { Application } from '@reprise/actor';

import { childSpec } from './token-refresh.ts';

const [url, tokenUrl] = process.argv.slice(2);
if (url === undefined || tokenUrl === undefined) {
  console.error('Expected a URL and the URL of its tokens, got too little');
  process.exit(2);
}

Application.run(childSpec({ url, tokenUrl }));
