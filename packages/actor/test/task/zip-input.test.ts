import { describe, expect, test } from '@jest/globals';
import { type ExitReason, Task } from '@reprise/actor';
import { advance, createTestSystem } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { elapse } from '../support/outcome.ts';
import { idleProcess } from '../support/processes.ts';

async function collect<Result>(stream: AsyncIterable<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  for await (const result of stream) {
    results.push(result);
  }
  return results;
}

const timedOut = { type: 'timeout' };

describe('zipInputOnExit', () => {
  test('XT20 adds the item to the result of a task that took too long', async () => {
    const system = createTestSystem();
    const self = await idleProcess(system);
    const wait = (ms: number): Promise<number> => elapse(system, ms).then(() => ms);
    const stream = Task.asyncStream(self, [10, 200, 20], wait, {
      maxConcurrency: 3,
      timeout: 100,
      onTimeout: 'killTask',
      zipInputOnExit: true,
    });
    const results = collect(stream);
    await advance(system, 100);
    expect(await results).toStrictEqual([
      { type: 'ok', value: 10 },
      { type: 'exit', reason: timedOut, input: 200 },
      { type: 'ok', value: 20 },
    ]);
  });

  test.each([true, false])('XT21 adds it to a crash, ordered: %p', async (ordered) => {
    const system = createTestSystem();
    const self = await idleProcess(system);
    const supervisor = await Task.Supervisor.startLink(system);
    const items = ['1', 'one', undefined as unknown as string];
    const results = await collect(
      Task.Supervisor.asyncStreamNolink(self, supervisor, items, (text) => BigInt(text), {
        ordered,
        maxConcurrency: 1,
        zipInputOnExit: true,
      }),
    );
    expect(results).toMatchObject([
      { type: 'ok', value: 1n },
      { type: 'exit', reason: { type: 'crash' }, input: 'one' },
      { type: 'exit', reason: { type: 'crash' } },
    ]);
    expect(results[2]).toHaveProperty('input', undefined);
  });

  test('XT21 adds it in a linked stream of an owner that traps exits', async () => {
    const system = createTestSystem();
    const self = await idleProcess(system, { traps: true });
    const supervisor = await Task.Supervisor.startLink(system);
    const fail = (): never => {
      throw new Error('boom');
    };
    const options = { zipInputOnExit: true } as const;
    const streams = [
      Task.asyncStream(self, ['a'], fail, options),
      Task.Supervisor.asyncStream(self, supervisor, ['a'], fail, options),
    ];
    for (const stream of streams) {
      expect(await collect(stream)).toMatchObject([{ type: 'exit', input: 'a' }]);
    }
  });

  test('XT21 left out, or false, a result has no input', async () => {
    const system = createTestSystem();
    const self = await idleProcess(system);
    const supervisor = await Task.Supervisor.startLink(system);
    for (const options of [{}, { zipInputOnExit: false }]) {
      const [result] = await collect(
        Task.Supervisor.asyncStreamNolink(self, supervisor, ['one'], BigInt, options),
      );
      expect(result).not.toHaveProperty('input');
    }
  });

  test('the types have the input where the option is true', () => {
    const read = async (): Promise<void> => {
      const system = createTestSystem();
      const run = (text: string): number => text.length;
      for await (const result of Task.asyncStream(system, ['a'], run, { zipInputOnExit: true })) {
        if (result.type === 'exit') {
          expectTypeOf(result.input).toEqualTypeOf<string>();
          expectTypeOf(result.reason).toEqualTypeOf<ExitReason>();
        }
      }
      for await (const result of Task.asyncStream(system, ['a'], run)) {
        // @ts-expect-error -- without the option there is no input.
        void result.input;
      }
      // @ts-expect-error -- a misspelt option.
      Task.asyncStream(system, ['a'], run, { zipInputOnExt: true });
    };
    expect(read).toBeInstanceOf(Function);
  });
});
