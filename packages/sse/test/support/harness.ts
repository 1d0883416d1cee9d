import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { json, text } from 'node:stream/consumers';

import { expect } from '@jest/globals';

import { withoutSlowCallbacks } from '../../../../tools/slow-callbacks.ts';
import { Queue } from './queue.ts';
import { serve } from './servers.ts';
import { type Exchange, openStage, type Stage } from './stage.ts';

const program = join(import.meta.dirname, '..', '..', 'contract', 'service.ts');

/**
 * The contract service, in a process of its own; killed at the end of its block if it still runs.
 */
export interface Service extends AsyncDisposable {
  readonly url: string;
  ask(method: string, path: string, body?: unknown): Promise<Response>;
  /** Its exit status and its stderr. */
  readonly ended: Promise<{ readonly status: number | null; readonly stderr: string }>;
}

/** Runs the program to its end. */
export function runService(
  ...args: readonly string[]
): ChildProcessByStdio<null, Readable, Readable> {
  const line = ['--conditions=@reprise/source', program, ...args];
  return spawn(process.execPath, line, { stdio: ['ignore', 'pipe', 'pipe'] });
}

export async function startService(): Promise<Service> {
  const child = runService('0');
  const stderr = text(child.stderr);
  const ended = once(child, 'close').then(async ([status]) => ({
    status: status as number | null,
    stderr: withoutSlowCallbacks(await stderr),
  }));
  const [chunk] = (await Promise.race([once(child.stdout, 'data'), ended])) as [unknown];
  const url = /^listening on (http:\S+)\n$/.exec(String(chunk))?.[1];
  if (url === undefined) {
    throw new Error(`Expected the service to listen, got ${JSON.stringify(await ended)}`);
  }
  return {
    url,
    ended,
    ask: (method, path, body) =>
      fetch(`${url}${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A callback of the service, not answered yet. */
export interface Callback {
  readonly path: string;
  readonly message: unknown;
  answer(status?: number): void;
}

/**
 * A client of the service, with a server for its streams and one for its callbacks: the harness of
 * one test.
 */
export interface Driven extends AsyncDisposable {
  readonly stage: Stage;
  /** The URL of the client at the service. */
  readonly path: string;
  /** The number of callbacks so far. */
  readonly callbackCount: number;
  /** The next request for a stream. */
  stream(): Promise<Exchange>;
  /** The next callback. */
  callback(): Promise<Callback>;
  /** Answers the next callback, whose number has to be the next, and returns its message. */
  message(): Promise<unknown>;
  command(command: unknown): Promise<number>;
  /** Closes the server for callbacks. */
  leave(): Promise<void>;
}

/** Makes the service start a client, without delays unless `parameters` has some. */
export async function drive(service: Service, parameters: object = {}): Promise<Driven> {
  const stage = await openStage();
  const callbacks = new Queue<Callback>();
  let callbackCount = 0;
  let taken = 0;
  const listen = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    callbackCount += 1;
    callbacks.push(await callbackOf(request, response));
  };
  const listener = await serve((request, response) => void listen(request, response));
  const started = await service.ask('POST', '/', {
    tag: 'test',
    streamUrl: stage.url,
    callbackUrl: listener.url,
    initialDelayMs: 0,
    readTimeoutMs: null,
    ...parameters,
  });
  expect([started.status, await started.text()]).toEqual([201, '']);
  const path = started.headers.get('location') ?? '';
  return {
    stage,
    path,
    get callbackCount() {
      return callbackCount;
    },
    stream: () => stage.next(),
    callback: () => callbacks.next(),
    async message() {
      const { path, message, answer } = await callbacks.next();
      taken += 1;
      expect(path).toBe(`/events/${taken}`);
      answer();
      return message;
    },
    command: async (command) => (await service.ask('POST', path, command)).status,
    leave: () => listener.close(),
    async [Symbol.asyncDispose]() {
      // The client first, or it would reconnect to a closed server; the service may have ended
      // already.
      await service.ask('DELETE', path).catch(() => undefined);
      await Promise.all([stage[Symbol.asyncDispose](), listener.close()]);
    },
  };
}

async function callbackOf(request: IncomingMessage, response: ServerResponse): Promise<Callback> {
  expect(request.method).toBe('POST');
  return {
    path: request.url ?? '',
    message: await json(request),
    answer: (status = 202) => void response.writeHead(status).end(),
  };
}

export function eventOf(data: string, { type = 'message', id = '' } = {}): unknown {
  return { kind: 'event', event: { type, data, id } };
}

export const anyError: unknown = { kind: 'error', error: expect.stringMatching(/./) };
