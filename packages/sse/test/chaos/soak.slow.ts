import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

import { expect, test } from '@jest/globals';

const main = join(import.meta.dirname, '..', '..', '..', '..', 'bench', 'soak', 'main.ts');
const program = ['--conditions=@reprise/source', main, '--json'];

// Other systems have no such signal for a child.
(process.platform === 'win32' ? test.skip : test)(
  'a soak that is interrupted from the terminal reports its results so far, and no crash',
  async () => {
    // A process group, as a shell makes it: Ctrl-C interrupts all its processes.
    const child = spawn(process.execPath, [...program, '--minutes', '60', '--streams', '3'], {
      detached: true,
    });
    const exited = once(child, 'exit');
    const output = text(child.stdout);
    for await (const line of createInterface(child.stderr)) {
      // This line shows that a client is connected.
      if (line.includes('handled')) {
        break;
      }
    }
    process.kill(-(child.pid ?? 0), 'SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(JSON.parse(await output)).toMatchObject({ lost: 0, crashes: 0, openHandles: 0 });
  },
);
