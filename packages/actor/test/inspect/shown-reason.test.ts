import { describe, expect, test } from '@jest/globals';
import { crash, createSystem, killed } from '@reprise/actor';
import { shownReason, shownText } from '@reprise/actor/inspect';

test('shownText has the start of a text, without what the system hides', async () => {
  const system = createSystem({ redact: ['iban'] });
  const id = `https://joe:pw@host/?iban=DE02&a=${'x'.repeat(3000)}`;
  expect(shownText(system, id, 40)).toBe(
    `https://host/?iban=[redacted]&a=xxxxxxxx… (${id.length} characters)`,
  );
  expect(() => shownText({} as never, id, 40)).toThrow('Expected system to be');
  await system.stop();
});

describe('shownReason', () => {
  test('is a text and a stack with those of the causes, bounded and without secrets', async () => {
    const system = createSystem({ redact: ['iban'] });
    const cause = new Error('GET https://joe:pw@host/?token=abc');
    const error = new Error(`iban: DE02 ${'x'.repeat(10_000)}`, { cause });
    const { text, stack = '' } = shownReason(system, crash(error));
    expect(text).toMatch(/^Error: iban: \[redacted\] x+… \(\d+ characters\)$/);
    expect(text.length).toBeLessThan(600);
    expect(stack).toContain('shown-reason.test.ts');
    expect(stack.length).toBeLessThan(8100);
    expect(`${text}${stack}`).not.toMatch(/DE02|joe|pw@|abc/);
    expect(shownReason(system, killed)).toStrictEqual({ text: 'killed', stack: undefined });
    await system.stop();
  });

  test('has no part of a secret that is cut, in its text and in its stack', async () => {
    const system = createSystem();
    for (let length = 440; length < 500; length++) {
      const error = new Error(`${'q'.repeat(length)} https://joe:SECRET-SECRET@example.com/`);
      const { text, stack = '' } = shownReason(system, crash(error));
      expect(`${text}${stack}`).not.toContain('SEC');
      expect(stack).toContain('shown-reason.test.ts');
    }
    await system.stop();
  });

  test('calls no getter that throws twice, and reads an error that cannot be read', async () => {
    const system = createSystem();
    const odd = Object.defineProperties(new Error('odd'), {
      message: { value: new Proxy({}, {}) },
      stack: {
        get: () => {
          throw new Error('no');
        },
      },
    });
    expect(shownReason(system, crash(odd))).toStrictEqual({ text: 'Error', stack: 'Error' });
    const { proxy, revoke } = Proxy.revocable(new Error('gone'), {});
    revoke();
    expect(shownReason(system, crash(proxy)).stack).toBeUndefined();
    await system.stop();
  });
});
