import { currentHost, type NodeHost } from './node-host.ts';
import { fill, randomBytes, randomInt, uuidV4, uuidV7 } from './random-bytes.ts';
import type { Replacements } from './replacement.ts';

type Fill = (view: ArrayBufferView) => ArrayBufferView;
type MakeUuid = (options?: object) => string;

/** `Math.random`, and the methods of `globalThis.crypto`. */
export function replaceRandom(replacements: Replacements): void {
  const { crypto } = globalThis;
  replacements.replaceMethod<() => number>(
    Math,
    'random',
    (original) => () => currentHost()?.random() ?? original(),
  );
  replacements.replaceMethod<Fill>(crypto, 'getRandomValues', (original) => (view) => {
    const host = currentHost();
    return host === undefined ? Reflect.apply(original, crypto, [view]) : fill(host, view);
  });
  replacements.replaceMethod<MakeUuid>(crypto, 'randomUUID', (original) => () => {
    const host = currentHost();
    return host === undefined ? original.call(crypto) : uuidV4(host);
  });
}

type Given = readonly unknown[];
type Random = (...given: Given) => unknown;

/** Each function as it is in a node, without its callback. */
const simulated: Readonly<Record<string, (host: NodeHost, ...given: Given) => unknown>> = {
  randomUUID: uuidV4,
  randomUUIDv7: uuidV7,
  randomBytes: (host, size) => randomBytes(host, Number(size)),
  randomInt: (host, first, second) =>
    second === undefined
      ? randomInt(host, 0, Number(first))
      : randomInt(host, Number(first), Number(second)),
  randomFill: fillPart,
  randomFillSync: fillPart,
};

/** The functions of the module `node:crypto`. */
export function replaceNodeCrypto(replacements: Replacements, module: object): void {
  for (const [key, simulate] of Object.entries(simulated)) {
    replacements.replaceMethod<Random>(module, key, (original) => (...given) => {
      const host = currentHost();
      return host === undefined ? original(...given) : call(host, simulate, given);
    });
  }
}

function fillPart(host: NodeHost, view: unknown, offset: unknown, size: unknown): unknown {
  return fill(host, view as ArrayBufferView, { offset, size } as Parameters<typeof fill>[2]);
}

type Done = (error: null, value: unknown) => void;

/** With a callback the value comes later. */
function call(host: NodeHost, simulate: (typeof simulated)[string], given: Given): unknown {
  const done = given.at(-1);
  if (typeof done !== 'function') {
    return simulate(host, ...given);
  }
  const value = simulate(host, ...given.slice(0, -1));
  host.clock.setImmediate(() => {
    (done as Done)(null, value);
  });
  return undefined;
}
