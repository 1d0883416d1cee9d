/** A fault in the code of the client, which a soak has to notice. */
export interface Mutant {
  /** A source, in `packages`. */
  readonly file: string;
  readonly code: string;
  readonly instead: string;
  /** The figure by which a soak fails. */
  readonly noticedAs: RegExp;
}

export const mutants: Readonly<Record<string, Mutant>> = {
  'characters broken at the ends of packets': {
    file: 'sse/src/format/utf8.ts',
    code: "new builtin.StringDecoder('utf8')",
    instead: "{ write: (bytes) => new TextDecoder().decode(bytes), end: () => '' }",
    noticedAs: /\d garbled/,
  },
  'an event acknowledged before its handler settles': {
    file: 'sse/src/client/event-handler.ts',
    code: 'return answered.then(',
    instead: 'void acknowledge(cursor, event, undefined); return answered.then(',
    noticedAs: /\d acknowledged too early/,
  },
  'nothing done for 25 s after an idle timeout': {
    file: 'sse/src/http/body.ts',
    code: "this.end({ type: 'timeout', ms: idleTimeout });",
    instead: "setTimeout(() => this.end({ type: 'timeout', ms: idleTimeout }), 25_000);",
    noticedAs: /absent for \d/,
  },
  'one event in a thousand left out': {
    file: 'sse/src/client/delivery.ts',
    code: 'packet.at += 1;',
    instead: 'packet.at += 1; if (Math.random() < 1 / 1000) continue;',
    noticedAs: /\d lost/,
  },
  'repeats handled in spite of dedupe': {
    file: 'sse/src/cursor/place.ts',
    code: 'if (!this.#dedupe) {',
    instead: 'if (true) {',
    noticedAs: /\d repeated in spite of dedupe/,
  },
  'two kilobytes kept for every event': {
    file: 'sse/src/client/delivery.ts',
    code: 'packet.at += 1;',
    instead: 'packet.at += 1; (globalThis.kept ??= []).push(new Array(250).fill(0.5));',
    noticedAs: /memory leaks/,
  },
};

/**
 * The source with the fault in place of the code.
 * @throws Error if the code is not there exactly once
 */
export function mutated({ file, code, instead }: Mutant, source: string): string {
  const [before, after, ...more] = source.split(code);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`Expected ${JSON.stringify(code)} once in ${file}`);
  }
  return `${before}${instead}${after}`;
}
