import { describe, expect, test } from '@jest/globals';
import { send, spawn, type System } from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';

import { observerHandler } from '../../src/index.ts';
import type { Vitals } from '../../src/wire.ts';
import { drive } from '../support/driven.ts';

/** A page of this system: `next` is what its next look tells. */
async function openPage(system: System) {
  const { fetch } = observerHandler(system, { gate: () => true });
  const { body } = await fetch(new Request('http://a/api/live'));
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<Vitals> => {
    for (;;) {
      const [whole, data = ''] = /event: vitals\ndata: (.*)\n/.exec(text) ?? [];
      if (whole !== undefined) {
        text = text.slice(text.indexOf(whole) + whole.length);
        return JSON.parse(data) as Vitals;
      }
      text += (await reader?.read())?.value ?? '';
    }
  };
  return { next, close: () => reader?.cancel() };
}

describe('the vitals', () => {
  test('count the events of a stream that is started again, too', async () => {
    await using driven = await drive(() => undefined);
    const { system } = driven;
    const page = await openPage(system);
    const before = await page.next();
    await driven.restartNews();
    await advance(system, 500);
    const after = await page.next();
    expect([before.events, after.events]).toStrictEqual([120, 120]);
    expect(after.bytes).toBe(before.bytes);
    await page.close();
  });

  test('count the messages of processes that have lived between two looks', async () => {
    const system = createTestSystem();
    const page = await openPage(system);
    expect((await page.next()).handled).toBe(0);
    for (let count = 0; count < 100; count++) {
      const pid = spawn<string>(system, (self) => self.receive().then(() => undefined));
      send(pid, 'go');
    }
    await settle(system);
    await advance(system, 500);
    expect((await page.next()).handled).toBe(100);
    await page.close();
    await system.stop();
  });
});
