/**
 * `node --conditions=@reprise/source examples/token-refresh/main.ts URL TOKEN_URL`, until Ctrl+C.
 * It ends with status 1 when the server refuses two tokens in a row.
 */
import { Application } from '@reprise/actor';

import { childSpec } from './token-refresh.ts';

const [url, tokenUrl] = process.argv.slice(2);
if (url === undefined || tokenUrl === undefined) {
  console.error('Expected URL and TOKEN_URL, got fewer arguments');
  process.exit(2);
}

Application.run(childSpec({ url, tokenUrl }));
