import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { runProgram } from '../support/program.ts';

const main = join(import.meta.dirname, 'main.ts');
const server = join(import.meta.dirname, 'server.ts');

test('tools are read at the start, at each change, and after a kill -9 of the server', async () => {
  await using first = runProgram(server, '0', 'search');
  const [port = ''] = await first.linesUntil(/^\d+$/);
  await using tools = runProgram(main, `http://127.0.0.1:${port}/mcp`);
  expect(await tools.linesUntil(/:/)).toEqual(['started: search']);
  first.signal('SIGHUP');
  expect(await tools.linesUntil(/:/)).toEqual(['changed: search, tool-2']);
  first.signal('SIGKILL');
  await first.ended;
  await using _second = runProgram(server, port, 'search', 'deploy');
  expect(await tools.linesUntil(/:/)).toEqual(['relistened: search, deploy']);
  tools.signal('SIGTERM');
  expect(await tools.ended).toEqual({ status: 0, stderr: '', lines: [] });
});
