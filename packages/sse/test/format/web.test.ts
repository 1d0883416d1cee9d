import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';

import { expect, test } from '@jest/globals';
import type * as Format from '@reprise/sse/format';
import * as here from '@reprise/sse/format';
import { build } from 'esbuild';
import fc from 'fast-check';

/** The entry in a world that has the web's encodings and nothing else: no Node, no timers. */
async function formatOfTheWeb(): Promise<typeof Format> {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: 'import * as format from "@reprise/sse/format"; globalThis.format = format;',
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    format: 'iife',
    platform: 'neutral',
    conditions: ['@reprise/source'],
    write: false,
    metafile: true,
  });
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  const world = createContext({ TextDecoder, TextEncoder });
  return runInContext(`${outputFiles[0]?.text ?? ''}; format`, world) as typeof Format;
}

test('the format reads and writes the same events without Node', async () => {
  const web = await formatOfTheWeb();
  const parts = fc.constantFrom(
    'data: é\u{1F600}',
    'id: ü',
    'event: a',
    ': c',
    'retry: 5',
    '\n',
    '\r\n',
    '\uFEFF',
  );
  const packets = fc.array(fc.tuple(parts, fc.nat(4)), { maxLength: 12 });
  fc.assert(
    fc.property(
      packets,
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      (list, cuts) => {
        const bytes = Buffer.from(list.map(([part, ends]) => part + '\n'.repeat(ends)).join(''));
        const [ours, theirs] = [here.createPacketState(), web.createPacketState()];
        for (let at = 0, index = 0; at < bytes.length; index++) {
          const packet = bytes.subarray(at, (at += cuts[index % cuts.length] ?? 1));
          expect(JSON.stringify(web.handlePacket(packet, theirs))).toBe(
            JSON.stringify(here.handlePacket(packet, ours)),
          );
        }
        expect(theirs.lastEventId).toBe(ours.lastEventId);
      },
    ),
  );
  const event = web.ServerSentEvent.create('é', { id: '1' });
  expect(web.ServerSentEvent.serialize(event)).toBe('data: é\nid: 1\n\n');
});

test('the limit counts bytes of UTF-8 without Node, too', async () => {
  const web = await formatOfTheWeb();
  for (const [letters, isTooLarge] of [
    [5, false],
    [6, true],
  ] as const) {
    const state = web.createPacketState({ maxEventSize: 10 });
    web.handlePacket(Buffer.from(`data: ${'é'.repeat(letters)}\n\n`), state);
    expect(state.tooLarge !== undefined).toBe(isTooLarge);
  }
});
