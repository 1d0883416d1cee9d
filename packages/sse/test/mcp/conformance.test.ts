import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { expect, test } from '@jest/globals';

const folder = join(import.meta.dirname, '..', '..');
const suite = join(folder, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
const program = join(folder, 'test/support/mcp-conformance-program.ts');

/** The scenarios for clients that do not judge a listener: docs/sse/mcp.md says why. */
const others = ['tools_call', 'elicitation-sep1034-client-defaults', 'sse-retry'];

async function run(...args: readonly string[]): Promise<{ status: number | null; out: string }> {
  const child = spawn(process.execPath, [suite, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, errors, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { status: status as number | null, out: `${out}${errors}` };
}

test('the conformance suite of MCP passes the listener in the scenario that applies to it', async () => {
  const command = `${process.execPath} --conditions=@reprise/source ${program}`;
  const { status, out } = await run('client', '--command', command, '--scenario', 'initialize');
  expect(out).toContain('Passed: 1/1, 0 failed, 0 warnings');
  expect(status).toBe(0);
});

test('the suite has no scenario for clients that nobody has looked at', async () => {
  const { out } = await run('list');
  const [, clients = ''] = out.split('Client scenarios');
  const scenarios = [...clients.matchAll(/^ +- (\S+)/gm)].map(([, name = '']) => name);
  expect(scenarios.filter((name) => !name.startsWith('auth/'))).toEqual(
    expect.arrayContaining(['initialize', ...others]),
  );
  expect(scenarios.filter((name) => !name.startsWith('auth/'))).toHaveLength(1 + others.length);
});
