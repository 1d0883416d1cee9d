/**
 * `node --conditions=@reprise/source examples/auto-connect/main.ts URL [LAST_EVENT_ID]`, until
 * Ctrl+C.
 */
import { createSystem, send } from '@reprise/actor';

import { startLink } from './auto-connect.ts';

const [url, lastEventId = '0'] = process.argv.slice(2);
if (url === undefined) {
  console.error('Expected a URL, got none');
  process.exit(2);
}

const system = createSystem();
const pid = await startLink(system, { url, lastEventId });
process.once('SIGINT', () => {
  send(pid, 'stop');
});
