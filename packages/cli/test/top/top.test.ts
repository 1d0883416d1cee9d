import { describe, expect, test } from '@jest/globals';
import parseDot from 'dotparser';

import { parseArguments } from '../../src/arguments.ts';
import { readTopOptions } from '../../src/top/options.ts';
import { Run, runRepriseWith } from '../support/reprise.ts';
import { serve, stream } from '../support/server.ts';
import { startService, token } from '../support/service.ts';
import { onPosix, Terminal } from '../support/terminal.ts';

const variables = { REPRISE_TOKEN: token };
const hostile = ['<script>', 'a"b\\c', '\u001B[2J\u202E\u0000', 'line\nfeed', 'x\uD800', '漢字'];

const top = (...args: readonly string[]): ReturnType<typeof runRepriseWith> =>
  runRepriseWith({ variables }, 'top', ...args);

async function answer(url: string, path: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(url + path, { headers })).json();
}

/** Controls, and marks of direction. */
const unsafe = /[^\P{Cc}\n]|[\u202E]/u;

describe('reprise top', () => {
  test('TOP-04 SEC-02 TOP-09 --json is the report of the observer, in one line, and says whether it is well', async () => {
    await using service = await startService({ names: hostile });
    const well = await top(String(service.port), '--json');
    expect([well.status, well.stdout.length, well.stderr]).toStrictEqual([0, 1, []]);
    await service.crash();
    const ill = await top(service.url, '--json');
    expect([ill.status, ill.stdout.length]).toStrictEqual([1, 1]);
    const [text = ''] = ill.stdout;
    expect(text).not.toMatch(unsafe);
    expect(text).not.toContain(token);
    const { tree, look, ...judgement } = JSON.parse(text) as Record<string, unknown>;
    const { rows } = (await answer(service.url, 'api/tree')) as { readonly rows: unknown };
    expect(withoutCounting(tree)).toStrictEqual(withoutCounting(rows));
    const { look: now, ...judged } = (await answer(service.url, 'api/overview')) as Record<
      string,
      object
    >;
    expect(judgement).toStrictEqual(judged);
    expect(Object.keys(look as object)).toStrictEqual(Object.keys(now ?? {}));
    const ids = (tree as readonly { readonly id: string }[]).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(hostile));
  });

  test('TOP-06 SEC-02 --dot is a graph with each process once, and its links dashed', async () => {
    await using service = await startService({ names: hostile });
    const { status, stdout } = await top(String(service.port), '--dot');
    expect([status, stdout.filter((line) => unsafe.test(line))]).toStrictEqual([0, []]);
    const [graph] = parseDot(stdout.join('\n')) as readonly Graph[];
    const nodes = graph?.children.filter(({ type }) => type === 'node_stmt') ?? [];
    const edges = graph?.children.filter(({ type }) => type === 'edge_stmt') ?? [];
    const { rows } = (await answer(service.url, 'api/tree')) as {
      readonly rows: readonly object[];
    };
    expect(nodes).toHaveLength(rows.length);
    expect(new Set(nodes.map((node) => node.node_id?.id)).size).toBe(rows.length);
    expect(edges.filter(({ attr_list }) => attr_list.length === 0)).toHaveLength(rows.length - 1);
    const labels = nodes.map(({ attr_list }) => attr_list.find(({ id }) => id === 'label')?.eq);
    expect(labels).toEqual(expect.arrayContaining(['<script>', '漢字']));
  });

  test('TOP-05 --json --watch is an object a line, and ends with its reader', async () => {
    await using service = await startService();
    const run = new Run(['top', String(service.port), '--json', '--watch'], { variables });
    const lines = await run.stdout.count(3);
    expect(
      lines.slice(0, 3).map((line) => (JSON.parse(line) as { isWell: boolean }).isWell),
    ).toStrictEqual([true, true, true]);
    run.process.stdout.destroy();
    expect(await run.whenExited).toBe(0);
  });

  test('TOP-07 TOP-09 says in a line what to do when there is no observer, or another token', async () => {
    await using service = await startService();
    const gone = await portOfNobody();
    const other = await serve((_request, response) => {
      response.end('hello');
    });
    const { url } = await serve((_request, response) => {
      response.writeHead(404).end();
    });
    const results = await Promise.all([
      top(gone),
      runRepriseWith({ variables: { REPRISE_TOKEN: 'wrong-token' } }, 'top', service.url),
      runRepriseWith({}, 'top', `${service.url}#another-token`, '--json'),
      runRepriseWith({}, 'top', service.url, '--dot'),
      top(other.url),
      top(url),
    ]);
    expect(results.map(({ status, stdout }) => [status, stdout])).toStrictEqual(
      results.map(() => [3, []]),
    );
    const lines = results.map(({ stderr }) => stderr.join(' / ').replaceAll(/http:\S+,/g, 'URL,'));
    expect(lines).toStrictEqual([
      'Expected an observer at URL, got ECONNREFUSED: is observer() a child in that program?',
      'Expected the token of the observer in REPRISE_TOKEN, or in the URL behind #, got another one',
      'Expected the token of the observer in REPRISE_TOKEN, or in the URL behind #, got another one',
      'Expected the token of the observer in REPRISE_TOKEN, or in the URL behind #, got none',
      'Expected an observer at URL, got another answer than JSON: is observer() a child in that program?',
      'Expected an observer at URL, got status 404: is observer() a child in that program?',
    ]);
  });

  test('TOP-07 another server, whatever it answers, is told from an observer in one line', async () => {
    const well = '{"findings":[],"isWell":true,"text":""}';
    const answers = ['null', '{}', '[]', '5', '"x"', '{"findings":[]}', '{"rows":[{}]}', well];
    for (const answer of answers) {
      const other = await serve((_request, response) => response.end(answer));
      for (const output of ['--dot', '--json', '--streams']) {
        const { status, stdout, stderr } = await top(`http://127.0.0.1:${other.port}`, output);
        expect([answer, output, status, stdout]).toStrictEqual([answer, output, 3, []]);
        expect(stderr).toStrictEqual([expect.stringContaining('got other data: is observer()')]);
      }
      await other.stop();
    }
  });

  test.each(['nope', 'null', '{}'])('TOP-07 so is one whose stream sends %j', async (data) => {
    for (const type of ['snapshot', 'vitals', 'rows', 'findings']) {
      const other = await serve((request, response) => {
        if (request.url?.endsWith('live') === true) {
          return stream(response, `event: ${type}\ndata: ${data}\n\n`);
        }
        const isList = request.url?.endsWith('crashes') === true;
        return response.end(isList ? '[]' : '{"findings":[],"isWell":true,"text":""}');
      });
      const { status, stderr } = await top(`http://127.0.0.1:${other.port}`);
      expect([status, stderr]).toStrictEqual([3, [expect.stringContaining('got other data: ')]]);
      await other.stop();
    }
  });

  test.each([429, 503])('TOP-07 an observer that answers %i is there, and busy', async (code) => {
    const busy = await serve((_request, response) => response.writeHead(code).end());
    const { status, stderr } = await top(`http://127.0.0.1:${busy.port}`);
    expect([status, stderr]).toStrictEqual([
      3,
      [
        `Expected an answer of the observer at http://127.0.0.1:${busy.port}/, got status ${code}: try again in a minute`,
      ],
    ]);
  });

  test('TOP-08 TOP-09 without a terminal, or with a dumb one, it prints the page once', async () => {
    await using service = await startService({ names: ['\u001B[2Jx'] });
    await service.crash();
    const { status, stdout } = await top(String(service.port));
    expect(status).toBe(1);
    expect(stdout.filter((line) => unsafe.test(line))).toStrictEqual([]);
    expect(stdout.join('\n')).not.toContain(token);
    expect(stdout.slice(0, 2)).toStrictEqual([
      expect.stringMatching(/^app .* live$/),
      expect.stringMatching(
        /^■ app \/ enrich \/ geocoder keeps crashing: 5 times in [\d.]+ \w+ {2}Error: no answer for Oslo\. app \/ enrich \/ queue, which watches it, has 5 messages waiting\.$/,
      ),
    ]);
    expect(stdout).toContainEqual(expect.stringMatching(/^│ {2}└─ queue +awaiting .* 5 /));
  });

  test.each([
    [['top', 'nowhere']],
    [['top', 'http://user:word@host/']],
    [['top', '--watch']],
    [['top', '--json', '--dot']],
    [['top', '--streams', '--crashes']],
    [['top', '--jsonn']],
    [['top', '99999']],
    [['top', '0']],
    [['top', 'http://127.0.0.1:0/']],
  ])('%j is wrong usage', (args) => {
    const task = parseArguments(args);
    const text = expect.stringMatching(/^Expected (?!.*word).*, got .*\n$/);
    expect(task).toEqual({ type: 'misuse', status: 2, text });
  });
});

test.each([
  ['', 'own-token', 'own-token'],
  [' \n', '', undefined],
  ['named\n', 'own-token', 'named'],
])('TOP-09 REPRISE_TOKEN=%j and the fragment %j', (variable, fragment, token) => {
  const read = readTopOptions(`http://127.0.0.1:1/#${fragment}`, {}, { REPRISE_TOKEN: variable });
  expect(read.token).toBe(token);
});

/** On a busy machine a restart may no longer count at the second look. */
function withoutCounting(rows: unknown): unknown {
  return JSON.parse(JSON.stringify(rows), (key, value: unknown) =>
    key === 'counting' ? undefined : value,
  );
}

/** A port at which no service listens any more. */
async function portOfNobody(): Promise<string> {
  await using service = await startService();
  return String(service.port);
}

interface Graph {
  readonly children: readonly {
    readonly type: string;
    readonly node_id?: { readonly id: string };
    readonly attr_list: readonly { readonly id: string; readonly eq: string }[];
  }[];
}

/** Until an observer has told a new reader so many looks. */
async function looks(url: string, count: number): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const { body } = await fetch(`${url}api/live`, { headers });
  let text = '';
  for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part;
    if (text.split('event: rows\n').length > count) {
      return;
    }
  }
}

/** The cursor is back, and so is the earlier content of the terminal. */
const left = '\u001B[?25h\u001B[?1049l';

describe('on a terminal', () => {
  onPosix(
    'TOP-03 TOP-02 q leaves the terminal as it was, also after a resize and Ctrl-Z',
    async () => {
      await using service = await startService();
      const terminal = new Terminal(['top', String(service.port)], {
        cols: 100,
        rows: 24,
        variables,
      });
      await terminal.shows((lines) => lines.some((line) => line.includes('└─ observer')));
      terminal.resize(40);
      await terminal.shows((lines) =>
        lines.some((line) => /^PROCESS +STATE$/.test(line.trimEnd())),
      );
      terminal.press('c');
      await terminal.shows((lines) =>
        lines.some((line) => line.startsWith('PROCESS') && line.includes('REASON')),
      );
      terminal.press('\u001A');
      await terminal.shows(() => terminal.written.endsWith(left));
      terminal.signal('SIGCONT');
      await terminal.shows((lines) => lines.some((line) => line.includes('REASON')));
      terminal.press('q');
      expect(await terminal.whenExited).toBe(0);
      expect(terminal.lines).toStrictEqual(['']);
      expect(terminal.written.endsWith(left)).toBe(true);
    },
  );

  onPosix('TOP-03 p holds the frame, and everything is told after it', async () => {
    await using service = await startService();
    const terminal = new Terminal(['top', String(service.port)], {
      cols: 100,
      rows: 24,
      variables,
    });
    await terminal.shows((lines) => lines[0]?.includes('live') === true);
    terminal.press('p');
    await terminal.shows((lines) => lines[0]?.includes('paused') === true);
    await service.crash();
    await looks(service.url, 2);
    terminal.press('c');
    await terminal.shows((lines) => lines.some((line) => line.includes('REASON')));
    expect(terminal.lines.join('\n')).not.toContain('keeps crashing');
    terminal.press('p');
    await terminal.shows((lines) => lines.join('\n').includes('keeps crashing'));
    terminal.press('p');
    await terminal.shows((lines) => lines[0]?.includes('paused') === true);
    terminal.press('q');
    expect(await terminal.whenExited).toBe(0);
  });

  onPosix('TOP-07 a program that is killed is dimmed, and comes back by itself', async () => {
    const first = await startService();
    const terminal = new Terminal(['top', String(first.port)], { cols: 100, rows: 24, variables });
    await terminal.shows((lines) => lines[0]?.includes('live') === true);
    await first[Symbol.asyncDispose]();
    await terminal.shows((lines) => lines[0]?.includes('as of') === true);
    await using _second = await startService({ port: first.port, names: ['new'] });
    await terminal.shows((lines) => lines.some((line) => line.includes('─ new')));
    expect(terminal.lines[0]).toContain('live');
    terminal.press('\u0003');
    expect(await terminal.whenExited).toBe(0);
  });
});
