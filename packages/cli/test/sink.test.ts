import { PassThrough, Writable } from 'node:stream';

import { expect, test } from '@jest/globals';

import { lineReport } from '../src/output/output.ts';
import { Sink } from '../src/output/sink.ts';

test('a write that is taken at once is not waited for', () => {
  expect(new Sink(new PassThrough()).write('x')).toBeUndefined();
});

test('a write that is not taken at once is waited for', async () => {
  const stream = new PassThrough({ highWaterMark: 4 });
  const sink = new Sink(stream);
  const waiting = [sink.write('12345'), sink.write('678')];
  expect(waiting).toEqual([expect.any(Promise), expect.any(Promise)]);
  let read = '';
  stream.on('data', (chunk) => (read += String(chunk)));
  await Promise.all(waiting);
  expect(read).toBe('12345678');
  expect(sink.room()).toBeUndefined();
});

test('flushed waits for pending writes, but not those of a broken stream', async () => {
  const stream = new PassThrough();
  const sink = new Sink(stream);
  void sink.write('x');
  await sink.flushed();
  stream.destroy(new Error('gone'));
  expect(await sink.whenBroken).toMatchObject({ message: 'gone' });
  await sink.flushed();
});

test('changes of state are dropped while the reader is slow', () => {
  const written: string[] = [];
  const stream = new Writable({
    highWaterMark: 1,
    write: (chunk) => written.push(String(chunk)),
  });
  const report = lineReport(new Sink(stream), false);
  const source = { id: 'source 1', url: 'http://a/', name: 'http://a/' };
  for (let attempt = 1; attempt <= 1000; attempt += 1) {
    report(source, { type: 'connecting', attempt });
  }
  expect(written).toEqual(['connecting\n']);
  expect(stream.writableLength).toBeLessThan(100);
});
