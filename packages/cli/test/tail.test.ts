import { mkdtempSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';

import { describe, expect, test } from '@jest/globals';
import { Application, exit, kill, processes } from '@reprise/actor';
import { createTestSystem } from '@reprise/actor/testing';

import type { Output } from '../src/output/output.ts';
import type { SourceState } from '../src/source.ts';
import { tailApplication } from '../src/tail.ts';
import { reprise, runReprise } from './support/reprise.ts';
import {
  certificate,
  freePort,
  key,
  replay,
  serve,
  serveSecurely,
  stream,
} from './support/server.ts';

const defaults = {
  quiet: false,
  count: Infinity,
  format: { type: 'text', timestamps: false },
  client: {},
} as const;

const quick = ['--min-delay', '0.02', '--max-delay', '0.05'];

describe('--json', () => {
  test('prints one object a line, its keys in order, and nothing else', async () => {
    const body = [
      'data: first\ndata: second\n\n',
      'event: price\nid: 7\ndata: {"a":1}\n\n',
      'data: \u2028\u0085\u001B[2J\n\n',
      'id\ndata: reset\n\n',
    ];
    const { url } = await serve((_, response) => {
      stream(response, body.join(''));
    });
    const { status, stdout } = await runReprise('tail', '--json', '--count', '4', url);
    const source = `"source":${JSON.stringify(url)}`;
    expect(stdout).toEqual([
      `{${source},"type":"message","data":"first\\nsecond","id":null,"lastEventId":""}`,
      `{${source},"type":"price","data":"{\\"a\\":1}","id":"7","lastEventId":"7"}`,
      `{${source},"type":"message","data":"\\u2028\\u0085\\u001b[2J","id":null,"lastEventId":"7"}`,
      `{${source},"type":"message","data":"reset","id":"","lastEventId":""}`,
    ]);
    expect(status).toBe(0);
  });

  test('names the source as it was written', async () => {
    const { port } = await serve((_, response) => {
      stream(response, 'data: x\n\n');
    });
    const written = `HTTP://127.0.0.1:${port}`;
    const { stdout } = await runReprise('tail', '--json', '--count', '1', written);
    expect(stdout.map((line) => JSON.parse(line).source)).toEqual([written]);
  });
});

describe('lines for a person', () => {
  test('begin with type and id; further lines of data are indented, and nothing reaches a terminal that is not text', async () => {
    const { url } = await serve((_, response) => {
      stream(response, 'event: \u001B[2Jtick\nid: 7\ndata: one\ndata: t\u001Bwo\n\ndata: bare\n\n');
    });
    const { stdout } = await runReprise('tail', '--count', '2', url);
    expect(stdout).toEqual(['\\x1b[2Jtick [7] one', '  t\\x1bwo', 'message bare']);
  });

  test('with several sources each line names its source, on stdout and on stderr', async () => {
    const { url } = await serve((_, response) => {
      stream(response, 'data: x\n\n');
    });
    const { stdout, stderr } = await runReprise('tail', '--count', '2', url, `${url}&2`);
    expect(stdout.toSorted()).toEqual([`${url} message x`, `${url}&2 message x`]);
    expect(stderr.toSorted()).toEqual([
      `${url} connected`,
      `${url} connecting`,
      `${url}&2 connected`,
      `${url}&2 connecting`,
    ]);
  });
});

describe('--count', () => {
  test('prints exactly that number of events, even if one packet has more', async () => {
    const { url } = await serve((_, response) => {
      stream(response, 'data: x\n\n'.repeat(100));
    });
    const { status, stdout } = await runReprise('tail', '--json', '--count', '5', url);
    expect({ status, lines: stdout.length }).toEqual({ status: 0, lines: 5 });
  });

  test('counts over all sources together', async () => {
    const { url } = await serve((_, response) => {
      stream(response, 'data: x\n\n'.repeat(3));
    });
    const { status, stdout } = await runReprise('tail', '--json', '--count', '7', url, url, url);
    expect({ status, lines: stdout.length }).toEqual({ status: 0, lines: 7 });
  });

  test('the last line is written before the program ends, however long the output is', async () => {
    const data = 'x'.repeat(1_000_000);
    const { url } = await serve((_, response) => {
      stream(response, `data: ${data}\n\n`.repeat(5));
    });
    const { stdout } = await runReprise('tail', '--json', '--count', '5', url);
    expect(stdout.map((line) => JSON.parse(line).data === data)).toEqual(Array(5).fill(true));
  });
});

describe('the request', () => {
  async function requestOf(
    ...args: readonly string[]
  ): Promise<IncomingMessage & { body: string }> {
    const received = Promise.withResolvers<IncomingMessage & { body: string }>();
    const { url } = await serve((request, response) => {
      void text(request).then((body) => {
        received.resolve(Object.assign(request, { body }));
        stream(response, 'data: x\n\n');
      });
    });
    await runReprise('tail', '--quiet', '--count', '1', ...args, url);
    return await received.promise;
  }

  test('is a GET without a last event id', async () => {
    const { method, url, headers, body } = await requestOf();
    expect({ method, url, body }).toEqual({ method: 'GET', url: '/events?a=b', body: '' });
    expect(headers).toMatchObject({ accept: 'text/event-stream' });
    expect(headers).not.toHaveProperty('last-event-id');
  });

  test('carries headers, one given twice twice', async () => {
    const { headers, rawHeaders } = await requestOf(
      '--header',
      'Authorization: Bearer a:b',
      '--header',
      'x-tag:one',
      '--header',
      'X-Tag: two',
    );
    expect(headers).toMatchObject({ authorization: 'Bearer a:b', 'x-tag': 'one, two' });
    expect(rawHeaders.filter((name) => name.toLowerCase() === 'x-tag')).toHaveLength(2);
  });

  test('carries the last event id, in UTF-8', async () => {
    const { headers } = await requestOf('--last-event-id', '\u2026 7');
    const sent = Buffer.from(String(headers['last-event-id']), 'latin1').toString('utf8');
    expect(sent).toBe('\u2026 7');
  });

  test('with --data is a POST, unless --method is another', async () => {
    const { method, body } = await requestOf('--data', '{"a":1}');
    expect({ method, body }).toEqual({ method: 'POST', body: '{"a":1}' });
    const other = await requestOf('--data', 'x', '--method', 'put');
    expect(other.method).toBe('PUT');
  });

  test('sends the content of the file for --data @FILE', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'reprise-')), 'body');
    writeFileSync(file, 'from a file\n');
    const { body } = await requestOf('--data', `@${file}`);
    expect(body).toBe('from a file\n');
  });
});

describe('TLS', () => {
  test('a server with an untrusted certificate is given up, unless --ca trusts it', async () => {
    const { url } = await serveSecurely((_, response) => {
      stream(response, 'data: x\n\n');
    });
    const distrusting = await runReprise('tail', url);
    expect(distrusting).toMatchObject({ status: 1, stdout: [] });
    expect(distrusting.stderr.at(-1)).toMatch(/^gave up .*certificate/);
    const trusting = await runReprise('tail', '--count', '1', '--ca', certificate, url);
    expect(trusting).toMatchObject({ status: 0, stdout: ['message x'] });
  });

  test('shows the certificate of --cert and --key', async () => {
    const { url } = await serveSecurely((request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      stream(response, `data: ${subject.CN}\n\n`);
    });
    const files = ['--ca', certificate, '--cert', certificate, '--key', key];
    const { stdout } = await runReprise('tail', '--count', '1', ...files, url);
    expect(stdout).toEqual(['message localhost']);
  });
});

describe('a connection that is lost', () => {
  test('a server that is killed and started again loses nothing that it can replay', async () => {
    const first = await serve((request, response) => {
      replay(request, response, 2);
    });
    const run = reprise('tail', '--json', '--count', '5', ...quick, first.url);
    await run.stdout.count(2);
    await first.stop();
    await run.stderr.until(/^disconnected .*, next attempt in \d+\.\ds$/);
    await serve((request, response) => {
      replay(request, response, 5);
    }, first.port);
    expect(await run.whenExited).toBe(0);
    expect(run.events).toMatchObject(['1', '2', '3', '4', '5'].map((id) => ({ data: id, id })));
  });

  test('every change is one line on stderr', async () => {
    const statuses = [200, 503, 200];
    const { url } = await serve((_, response) => {
      const status = statuses.shift() ?? 204;
      if (status === 200) {
        stream(response, 'data: x\n\n');
        response.end();
      } else {
        response.writeHead(status).end();
      }
    });
    const { status, stderr } = await runReprise('tail', ...quick, url);
    expect(stderr.map((line) => line.replace(/\d+\.\ds$/, 'N.Ns'))).toEqual([
      'connecting',
      'connected',
      'disconnected closed by the server, next attempt in N.Ns',
      'connecting',
      'disconnected status 503, next attempt in N.Ns',
      'connecting',
      'connected',
      'disconnected closed by the server, next attempt in N.Ns',
      'connecting',
      'ended status 204: the server has no more events',
    ]);
    expect(status).toBe(0);
  });

  test('silence ends one after --idle-timeout', async () => {
    const { url } = await serve((_, response) => {
      stream(response);
    });
    const run = reprise('tail', '--idle-timeout', '0.05', ...quick, url);
    const line = await run.stderr.until(/^disconnected/);
    expect(line).toMatch(/^disconnected idle timeout after 50 ms, next/);
  });

  test('--quiet keeps all of it from stderr', async () => {
    const statuses = [503, 200];
    const { url } = await serve((_, response) => {
      const status = statuses.shift() ?? 404;
      response.writeHead(status, { 'content-type': 'text/event-stream' }).end('data: x\n\n');
    });
    const { status, stdout, stderr } = await runReprise('tail', '--quiet', ...quick, url);
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: ['message x'], stderr: [] });
  });
});

describe('the exit status', () => {
  test('0 when the server answers 204', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(204).end();
    });
    const { status, stderr } = await runReprise('tail', url);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: ['connecting', 'ended status 204: the server has no more events'],
    });
  });

  test('1 when the answer is fatal, with the reason on stderr', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(404).end();
    });
    const { status, stderr } = await runReprise('tail', url);
    expect({ status, stderr }).toEqual({ status: 1, stderr: ['connecting', 'gave up status 404'] });
  });

  test('1 when the attempts are spent', async () => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    const { status, stderr } = await runReprise('tail', '--max-attempts', '3', ...quick, url);
    expect(stderr.filter((line) => line === 'connecting')).toHaveLength(3);
    expect(stderr.at(-1)).toMatch(/^gave up .*ECONNREFUSED/);
    expect(status).toBe(1);
  });

  test('0 when not every source gave up', async () => {
    const { url } = await serve((request, response) => {
      response.writeHead(request.url === '/gone' ? 404 : 204).end();
    });
    const { status, stderr } = await runReprise('tail', new URL('/gone', url).href, url);
    expect(stderr.filter((line) => /gave up/.test(line))).toHaveLength(1);
    expect(status).toBe(0);
  });

  test('a source that gave up does not end the others', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/gone') {
        response.writeHead(404).end();
      } else {
        stream(response);
        void run.stderr.until(/gave up/).then(() => response.write('data: x\n\n'));
      }
    });
    const run = reprise('tail', '--count', '1', new URL('/gone', url).href, url);
    expect(await run.whenExited).toBe(0);
  });

  test('2 when the usage is bad, with the expected usage', async () => {
    const { status, stdout, stderr } = await runReprise(
      'tail',
      '--count',
      'some',
      'http://127.0.0.1/',
    );
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: [],
      stderr: ['Expected --count to be a whole number from 1 on, got "some"'],
    });
  });

  test('0 for --help and --version', async () => {
    const help = await runReprise('tail', '--help');
    expect(help).toMatchObject({ status: 0, stderr: [] });
    expect(help.stdout.join('\n')).toContain('--last-event-id <ID>');
    const version = await runReprise('--version');
    expect(version).toMatchObject({
      status: 0,
      stdout: [expect.stringMatching(/^\d+\.\d+\.\d+$/)],
    });
  });
});

test('a client that crashes is a source that gave up', async () => {
  const { url } = await serve((_, response) => {
    stream(response, 'data: x\n\n');
  });
  const options = { ...defaults, urls: [url] };
  const states: SourceState[] = [];
  const output: Output = {
    event: () => {
      throw new Error('cannot be printed');
    },
    state: (_, state) => states.push(state),
    notice: () => {},
    close: () => {},
  };
  const stopped = Promise.withResolvers<number>();
  const tail = tailApplication(options, {
    openOutput: () => output,
    closeOutput: () => Promise.resolve(),
    stop: stopped.resolve,
    outputFd: 1,
    observer: undefined,
  });
  const system = createTestSystem();
  await Application.start(system, tail);
  expect(await stopped.promise).toBe(1);
  await system.stop();
  expect(states.at(-1)).toEqual({ type: 'gaveUp', reason: 'Error: cannot be printed' });
});

test('a client that is not started because the program is being killed has not given up', async () => {
  const { url } = await serve((_, response) => {
    stream(response);
  });
  const urls = Array.from({ length: 10 }, () => url);
  const options = { ...defaults, urls };
  const system = createTestSystem();
  const states: SourceState[] = [];
  const output: Output = {
    event: () => {},
    state: (_, state) => {
      states.push(state);
      for (const pid of processes(system).filter((each) => each !== system.pid)) {
        exit(system, pid, kill);
      }
    },
    notice: () => {},
    close: () => {},
  };
  const tail = tailApplication(options, {
    openOutput: () => output,
    closeOutput: () => Promise.resolve(),
    stop: () => {},
    outputFd: 1,
    observer: undefined,
  });
  await expect(Application.start(system, tail)).rejects.toThrow('killed');
  await new Promise(setImmediate);
  expect(states).toEqual([{ type: 'connecting', attempt: 1 }]);
});
