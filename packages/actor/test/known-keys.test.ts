import { describe, expect, test } from '@jest/globals';
import { assertKnownKeys, type KeysOf, partOf } from '@reprise/actor/options';

interface Options {
  readonly timeout?: number;
  readonly maxRestarts: number;
  readonly url?: string;
}

const keys: KeysOf<Options> = { timeout: true, maxRestarts: true, url: true };

function messageFor(options: unknown, known: Readonly<Record<string, true>> = keys): string {
  try {
    assertKnownKeys('work', options, known);
    return 'accepted';
  } catch (error) {
    return error instanceof TypeError ? error.message : 'not a TypeError';
  }
}

describe('the names of options', () => {
  test.each([{}, { timeout: 1 }, { maxRestarts: 1, url: undefined }])(
    'are all known: %j',
    (options) => {
      expect(messageFor(options)).toBe('accepted');
    },
  );

  test.each([
    ['timeuot', 'timeout'],
    ['time_out', 'timeout'],
    ['Timeout', 'timeout'],
    ['maxRestart', 'maxRestarts'],
    ['max_restarts', 'maxRestarts'],
    ['uri', 'url'],
  ])('are misspelt: %s is refused, and the nearest one named: %s', (given, near) => {
    expect(messageFor({ [given]: 1 })).toBe(
      `Expected an option of work, got \`${given}\`: did you mean \`${near}\`?`,
    );
  });

  test.each(['strategy', 'x', 'constructor', 'toString', ''])(
    'that are near to none are refused with a list of all: %s',
    (given) => {
      expect(messageFor({ [given]: 1 })).toBe(
        `Expected an option of work (timeout, maxRestarts, url), got \`${given}\``,
      );
    },
  );

  test('are refused with an undefined value, too', () => {
    expect(messageFor({ timeuot: undefined })).toContain('did you mean `timeout`?');
  });

  test('that are inherited count as own ones: their values would be used', () => {
    expect(messageFor(Object.create({ timeuot: 1 }))).toContain('did you mean `timeout`?');
    expect(messageFor(Object.create({ timeout: 1 }))).toBe('accepted');
  });

  test('the nearest is named, and not the first that is near', () => {
    const known = { maxDelays: true, maxDelay: true, minDelay: true } as const;
    expect(messageFor({ minDelai: 1 }, known)).toContain('did you mean `minDelay`?');
    expect(messageFor({ maxdelay: 1 }, known)).toContain('did you mean `maxDelay`?');
  });

  test.each([
    [500, '500'],
    ['https://a/?token=secret', 'a string'],
    [() => ({}), 'a function'],
    [5n, 'a bigint'],
    [null, 'null'],
    [[], 'an array'],
    [undefined, 'undefined'],
    [Promise.resolve({}), 'a promise: is an `await` missing?'],
  ])('options that are no object are refused: %p', (given, text) => {
    expect(messageFor(given)).toBe(
      `Expected the options of work, { timeout, maxRestarts, url }, got ${text}`,
    );
  });

  test('a list does not compile when a name is missing, or is one too many', () => {
    // @ts-expect-error -- `url` is missing
    const short: KeysOf<Options> = { timeout: true, maxRestarts: true };
    // @ts-expect-error -- `uri` is one too many
    const long: KeysOf<Options> = { timeout: true, maxRestarts: true, url: true, uri: true };
    expect([short, long]).toHaveLength(2);
  });

  test('partOf takes the options of another function', () => {
    const options = { timeout: 1, maxRestarts: 2, id: 'a' };
    expect(partOf<Options>(options, keys)).toStrictEqual({ timeout: 1, maxRestarts: 2 });
  });
});
