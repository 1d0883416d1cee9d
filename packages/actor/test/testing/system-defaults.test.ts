import { expect, test } from '@jest/globals';
import { createSystem, type System, type SystemOptions } from '@reprise/actor';
import { provideSystemDefaults, virtualClock } from '@reprise/actor/testing';

async function made(options?: SystemOptions): Promise<System> {
  const system = createSystem(options);
  await system.stop();
  return system;
}

test('a new system takes from the defaults the options that it is not given', async () => {
  const clock = virtualClock();
  const random = (): number => 0.5;
  const takeBack = provideSystemDefaults(() => ({ clock, random }));
  const own = virtualClock();
  const plain = await made();
  const withClock = await made({ clock: own, random: undefined } as object);
  takeBack();
  expect([plain.clock, plain.random]).toStrictEqual([clock, random]);
  expect([withClock.clock === own, withClock.random === random]).toStrictEqual([true, true]);
});

test('a system gets no defaults once they are taken back, however often', async () => {
  const clock = virtualClock();
  const takeBack = provideSystemDefaults(() => ({ clock }));
  takeBack();
  takeBack();
  expect((await made()).clock).not.toBe(clock);
});

test('the newest defaults that are left are asked, once for each system', async () => {
  let asked = 0;
  const [one, two] = [virtualClock(), virtualClock()];
  const takeOne = provideSystemDefaults(() => ({ clock: one }));
  const takeTwo = provideSystemDefaults(() => {
    asked += 1;
    return { clock: two };
  });
  expect((await made()).clock).toBe(two);
  expect(asked).toBe(1);
  takeOne();
  expect((await made()).clock).toBe(two);
  takeTwo();
  expect((await made()).clock).not.toBe(two);
});

test('defaults that are undefined leave a system as it is', async () => {
  const takeBack = provideSystemDefaults(() => undefined);
  const system = await made();
  takeBack();
  expect(system.clock.now()).not.toBe(0);
});

test('wrong defaults are refused', () => {
  const takeBack = provideSystemDefaults(() => ({ clok: 1 }) as SystemOptions);
  const create = (): unknown => createSystem();
  try {
    expect(create).toThrow(
      'Expected an option of the system defaults, got `clok`: did you mean `clock`?',
    );
  } finally {
    takeBack();
  }
  expect(() => provideSystemDefaults(1 as never)).toThrow(
    'Expected defaults to be a function, got 1',
  );
});
