import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createSystem, DynamicSupervisor } from '@reprise/actor';
import { SseClient, sqlite } from '@reprise/sse';

import type { Follow } from '../follow.ts';

const folder = mkdtempSync(join(tmpdir(), 'reprise-bench-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true });
});

const supervisor = await DynamicSupervisor.startLink(createSystem());

export const follow: Follow = (url, handle) =>
  DynamicSupervisor.startChild(
    supervisor,
    SseClient.resilient({
      id: 'feed',
      url,
      cursor: sqlite(join(folder, 'cursor.db')),
      handle: ({ data }) => {
        handle(data);
      },
    }),
  );
