import { afterEach, expect, test } from '@jest/globals';
import { type IPty, spawn } from '@lydell/node-pty';

import { parseArguments } from '../src/arguments.ts';
import { main } from './support/program.ts';
import { runReprise } from './support/reprise.ts';

const running = new Set<IPty>();

afterEach(() => {
  for (const pty of running) {
    pty.kill('SIGKILL');
  }
  running.clear();
});

/** The program on a terminal: its output, up to the first match, and a way to end it. */
async function onTerminal(
  args: readonly string[],
  pattern: RegExp,
): Promise<{ readonly found: RegExpExecArray; readonly end: () => Promise<string> }> {
  const pty = spawn(process.execPath, ['--conditions=@reprise/source', main, ...args], {
    cols: 200,
    rows: 10,
  });
  running.add(pty);
  let written = '';
  const exited = new Promise<undefined>((resolve) => {
    pty.onExit(() => {
      running.delete(pty);
      resolve(undefined);
    });
  });
  const found = await new Promise<RegExpExecArray>((resolve) => {
    pty.onData((text) => {
      written += text;
      const match = pattern.exec(written);
      if (match !== null) {
        resolve(match);
      }
    });
  });
  const end = async (): Promise<string> => {
    pty.write('\u0003');
    await exited;
    return written;
  };
  return { found, end };
}

test('OBS-P34 the embedded feed has an observer, whose URL is printed on a terminal', async () => {
  const { found, end } = await onTerminal(
    ['tail', '--observer', '0'],
    /observer (http:\/\/127\.0\.0\.1:\d+\/)#([\w-]{43})\r\n/,
  );
  const [, url = '', token = ''] = found;
  const answer = await fetch(`${url}api/tree`, { headers: { authorization: `Bearer ${token}` } });
  const { rows } = (await answer.json()) as { readonly rows: readonly { readonly id: string }[] };
  expect(rows.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['feed', 'source 1', 'observer', 'server']),
  );
  await end();
});

test('OBS-P34 in a pipe there is none: no URL and no token is printed', async () => {
  const { stdout, stderr, status } = await runReprise('tail', '--json', '--count', '2');
  expect([stdout.length, status]).toEqual([2, 0]);
  expect([...stdout, ...stderr].join('\n')).not.toMatch(/observer/);
});

test.each([
  [[], { isAsked: false }],
  [['--quiet'], undefined],
  [['--no-observer'], undefined],
  [['http://a/'], undefined],
  [['http://a/', '--observer'], { isAsked: true }],
  [['http://a/', '--observer', '0'], { isAsked: true, port: 0 }],
])('reprise tail %j has the observer %j', (args, observer) => {
  const task = parseArguments(['tail', ...args]);
  expect(task.type === 'tail' ? task.options.observer : 'misuse').toEqual(observer);
});

test.each(['70000', 'http://a/'])('a port of %s is refused', (port) => {
  expect(parseArguments(['tail', '--observer', port])).toEqual({
    type: 'misuse',
    status: 2,
    text: `Expected --observer to be followed by a port, such as 4141, or by another option, got "${port}"\n`,
  });
});
