import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';

import type { ExitReason } from '@reprise/actor';

/** Part of every secret. */
export const mark = 'S3CRET';

/** A value in every form in which programs print values. */
function printed(value: unknown): string {
  const forms = [
    inspect(value, { depth: 6, showHidden: true, maxArrayLength: 50 }),
    inspect(value, { depth: 6, getters: false }),
    json(value),
  ];
  if (value instanceof Error) {
    forms.push(String(value), value.message, value.stack ?? '', printed(value.cause));
  }
  return forms.join('\n');
}

/** As loggers write it that write errors, too. */
function json(value: unknown): string {
  const above: unknown[] = [];
  const replace = (_name: string, part: unknown): unknown => {
    if (typeof part !== 'object' || part === null) {
      return typeof part === 'bigint' ? String(part) : part;
    }
    if (above.includes(part) || above.length > 1000) {
      return undefined;
    }
    above.push(part);
    return part instanceof Error
      ? {
          ...Object.fromEntries(Object.entries(part)),
          message: part.message,
          stack: part.stack,
          cause: part.cause,
        }
      : part;
  };
  return JSON.stringify(value, replace) ?? '';
}

/** All that leaves a program, by its outlet. */
export class Outlets {
  readonly texts = new Map<string, string[]>();
  /** Once the client says that it has ended well. */
  readonly ended = Promise.withResolvers<ExitReason>();

  readonly add = (outlet: string, ...values: readonly unknown[]): void => {
    const texts = this.texts.get(outlet) ?? [];
    this.texts.set(outlet, texts);
    texts.push(...values.map((value) => (typeof value === 'string' ? value : printed(value))));
  };

  /**
   * The outlets that show a secret, with the text around it. `own`: outlets that give the program
   * its own error back, as it is.
   */
  leaks(own: readonly string[] = []): readonly string[] {
    return [...this.texts].flatMap(([outlet, texts]) =>
      texts.flatMap((text) => {
        if (own.includes(outlet)) {
          return [];
        }
        const at = text.indexOf(mark);
        return at < 0 ? [] : [`${outlet}: …${text.slice(Math.max(0, at - 100), at + 50)}…`];
      }),
    );
  }
}

const channels = [
  'spawn',
  'exit',
  'message:dropped',
  'callback:slow',
  'call:timeout',
  'restart',
  'fetch',
];

/** Runs `body` with a listener to all diagnostics. */
export async function withDiagnostics(outlets: Outlets, body: () => Promise<void>): Promise<void> {
  const listener = (message: unknown): void => {
    outlets.add('diagnostics', message);
  };
  for (const name of channels) {
    subscribe(`reprise:${name}`, listener);
  }
  try {
    await body();
  } finally {
    for (const name of channels) {
      unsubscribe(`reprise:${name}`, listener);
    }
  }
}
