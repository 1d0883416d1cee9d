import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { describe, expect, test } from '@jest/globals';

import { withoutSlowCallbacks } from '../../../../tools/slow-callbacks.ts';
import { openStage } from '../support/stage.ts';

const program = join(import.meta.dirname, '..', 'support', 'event-source-program.ts');

/** Runs the program until it ends by itself. Returns its exit status, its lines and its stderr. */
async function run(...args: readonly string[]): Promise<{
  readonly status: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}> {
  const child = spawn(process.execPath, ['--conditions=@reprise/source', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return {
    status: status as number | null,
    lines: stdout.trimEnd().split('\n'),
    stderr: withoutSlowCallbacks(stderr),
  };
}

describe('a program whose only work is an EventSource', () => {
  test('survives a drop and a server that is away, and ends by itself after close', async () => {
    await using stage = await openStage();
    const ended = run(stage.url);
    const first = await stage.next();
    first.stream('retry: 0\n\ndata: one\n\n');
    first.response.end();
    (await stage.next()).request.socket.destroy();
    (await stage.next()).stream('data: two\n\ndata: close\n\ndata: three\n\n');
    expect(await ended).toEqual({
      status: 0,
      lines: ['open', 'one', 'error none 0', 'error none 0', 'open', 'two', 'close'],
      stderr: '',
    });
  });

  test('ends by itself when the source has failed', async () => {
    await using stage = await openStage();
    const ended = run(stage.url);
    (await stage.next()).refuse(204);
    expect(await ended).toEqual({ status: 0, lines: ['error 204 2'], stderr: '' });
  });

  test('ends as a program does when a listener throws', async () => {
    await using stage = await openStage();
    const ended = run(stage.url);
    (await stage.next()).stream('data: throw\n\n');
    const { status, lines, stderr } = await ended;
    expect(status).toBe(1);
    expect(lines).toEqual(['open', 'throw']);
    expect(stderr).toContain('Error: of a listener');
  });

  test('continues the stream if it catches the errors of listeners', async () => {
    await using stage = await openStage();
    const ended = run(stage.url, 'on');
    const { stream, response } = await stage.next();
    stream('data: throw\n\ndata: after\n\n');
    response.write('data: close\n\n');
    const { status, lines, stderr } = await ended;
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(lines.filter((line) => !line.startsWith('uncaught'))).toEqual([
      'open',
      'throw',
      'after',
      'close',
    ]);
    expect(lines).toContain('uncaught of a listener');
  });
});
