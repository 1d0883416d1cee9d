import { describe, expect, test } from '@jest/globals';
import {
  crash,
  error,
  formatReason,
  GenServer,
  ignore,
  monitor,
  noreply,
  ok,
  reply,
  send,
  stop,
  whereis,
} from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';

import { outcome } from '../support/outcome.ts';
import { drain, idleProcess } from '../support/processes.ts';

const callbacks = [
  'init',
  'handleCall',
  'handleCast',
  'handleInfo',
  'handleContinue',
  'an idle timeout',
] as const;
type Where = (typeof callbacks)[number];

/** Also those that not every callback may give: then they are bad answers, however given. */
const answers: readonly (readonly [what: string, answer: () => unknown])[] = [
  ['ok', () => ok(1)],
  ['ok with a continue', () => ok(1, { continue: 'next' })],
  ['ok with a timeout', () => ok(1, { timeout: 50 })],
  ['noreply', () => noreply(1)],
  ['noreply with a continue', () => noreply(1, { continue: 'next' })],
  ['noreply with a timeout', () => noreply(1, { timeout: 50 })],
  ['noreply with a timeout of 0', () => noreply(1, { timeout: 0 })],
  ['noreply with a wrong timeout', () => noreply(1, { timeout: -1 })],
  ['noreply with hibernate', () => noreply(1, { hibernate: true })],
  ['reply', () => reply('R', 1)],
  ['reply with a continue', () => reply('R', 1, { continue: 'next' })],
  ['reply with a timeout', () => reply('R', 1, { timeout: 50 })],
  ['stop', () => stop(crash('stopped'), 1)],
  ['stop with a reply', () => stop(crash('stopped'), 'R', 1)],
  ['stop with a wrong reason', () => stop('stopped' as never, 1)],
  ['stop of a start', () => stop(crash('stopped'))],
  ['ignore', () => ignore],
  ['error', () => error(crash('stopped'))],
  ['error with a wrong reason', () => error('stopped' as never)],
];

type Give = (answer: unknown) => unknown;
const give: Record<'returned' | 'thrown' | 'resolved' | 'rejected', Give> = {
  returned: (answer) => answer,
  thrown: (answer) => {
    throw answer;
  },
  resolved: async (answer) => answer,
  rejected: (answer) => Promise.reject(answer),
};

/** All that can be seen of a server one of whose callbacks gives this answer in this way. */
async function effectsOf(where: Where, answer: () => unknown, way: Give): Promise<unknown> {
  const system = createTestSystem();
  const observer = await idleProcess(system);
  const log: unknown[] = [];
  const given = (): never => way(answer()) as never;
  const begin =
    where === 'an idle timeout'
      ? ok(0, { timeout: 10 })
      : ok(0, { continue: where === 'handleContinue' ? 'go' : 'begin' });
  let isTimeoutOver = false;
  const behaviour = GenServer.define({
    init: (_: undefined, self) => {
      monitor(observer, self.pid);
      return where === 'init' ? given() : begin;
    },
    handleCall: { go: () => given() },
    handleCast: { go: () => given() },
    handleContinue: (value: string, state) => {
      log.push(['continue', value, state]);
      return value === 'go' ? given() : noreply(state);
    },
    handleInfo: (message: unknown, state) => {
      log.push(['info', message, state]);
      const gives = message === 'go' || (where === 'an idle timeout' && !isTimeoutOver);
      isTimeoutOver = true;
      return gives ? given() : noreply(state);
    },
    terminate: (reason, state) => {
      log.push(['terminate', formatReason(reason), state]);
    },
  });
  const start = outcome(GenServer.start(system, behaviour, undefined, { name: 'worker' }));
  await settle(system);
  const server = whereis(system, 'worker') as GenServer.ServerOf<typeof behaviour>;
  let called: unknown;
  if (where === 'handleCall') {
    void outcome(GenServer.call(server, 'go', undefined, { timeout: 90 })).then((settled) => {
      called = settled;
    });
  } else if (where === 'handleCast') {
    GenServer.cast(server, 'go', undefined);
  } else if (where === 'handleInfo') {
    send(server, 'go');
  }
  await advance(system, 100);
  const ends = (await drain(observer)) as { readonly reason: never }[];
  return {
    log,
    called,
    start: Object.keys(await start),
    ends: ends.map(({ reason }) => formatReason(reason)),
    // Warnings depend on the machine: a turn may take long.
    reports: system.reports.filter(({ level }) => level === 'error').map(({ message }) => message),
  };
}

const table = callbacks.flatMap((where) =>
  answers.map(([what, answer]) => ({ where, what, answer })),
);

describe('an answer that a callback throws', () => {
  test.each(table)(
    'GC20 has the effects of a returned one, at once or late: $what of $where',
    async ({ where, answer }) => {
      const returned = await effectsOf(where, answer, give.returned);
      expect(await effectsOf(where, answer, give.thrown)).toStrictEqual(returned);
      expect(await effectsOf(where, answer, give.resolved)).toStrictEqual(returned);
      expect(await effectsOf(where, answer, give.rejected)).toStrictEqual(returned);
    },
  );

  test('GC20 goes on with its continue, though no message comes', async () => {
    expect(
      await effectsOf('handleCast', () => noreply(1, { continue: 'next' }), give.thrown),
    ).toMatchObject({
      log: [
        ['continue', 'begin', 0],
        ['continue', 'next', 1],
      ],
      ends: [],
    });
  });
});
