/** The globals of Node that are faster than those of the web, which take their place elsewhere. */
interface HostGlobals {
  readonly Buffer?: {
    byteLength(text: string): number;
    from(text: string): { toString(): string };
  };
  readonly process?: {
    getBuiltinModule?(name: 'node:string_decoder'): {
      readonly StringDecoder: new (encoding: 'utf8') => Decoder;
    };
  };
}

/** Decodes bytes that come in pieces, cut at any place. */
export interface Decoder {
  write(bytes: Uint8Array): string;
  /** Begins anew; returns a replacement for a character that is cut off. */
  end(): string;
}

const host = globalThis as unknown as HostGlobals;
// Not imported: other hosts must be able to load this file.
const builtin = host.process?.getBuiltinModule?.('node:string_decoder');

/** A byte order mark stays in the text. Node's decoder takes two thirds of the web's time. */
export function createDecoder(): Decoder {
  return builtin === undefined ? webDecoder() : new builtin.StringDecoder('utf8');
}

function webDecoder(): Decoder {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    write: (bytes) => decoder.decode(bytes, { stream: true }),
    end: () => decoder.decode(),
  };
}

/** The size of a text, in bytes. */
export function byteLengthOf(text: string): number {
  return host.Buffer?.byteLength(text) ?? new TextEncoder().encode(text).length;
}

/** The same text, in memory of its own: a slice keeps all of the text that it was taken from. */
export function copyOfText(text: string): string {
  return (
    host.Buffer?.from(text).toString() ?? new TextDecoder().decode(new TextEncoder().encode(text))
  );
}
