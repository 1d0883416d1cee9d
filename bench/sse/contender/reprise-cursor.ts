import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createSystem, Supervisor } from '@reprise/actor';
import { SseClient, sqlite } from '@reprise/sse';

import { measure } from '../client.ts';

const folder = mkdtempSync(join(tmpdir(), 'reprise-bench-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true });
});

measure((url, handle) =>
  Supervisor.startLink(createSystem(), {
    strategy: 'oneForOne',
    children: [
      SseClient.resilient({
        id: 'feed',
        url,
        cursor: sqlite(join(folder, 'cursor.db')),
        handle: ({ data }) => {
          handle(data);
        },
      }),
    ],
  }),
);
