import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CursorRecovery } from '@reprise/sse';

import { outputRecovery } from '../src/output-recovery.ts';

/** Only Linux tells a program which file its stdout is. */
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('the recovery of an output that is a file', () => {
  let folder: string;
  let out: string;
  let fd: number;
  let recovery: CursorRecovery;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'reprise-')));
    out = join(folder, 'out');
    openOutput();
  });

  afterEach(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });

  function openOutput(): void {
    fd = openSync(out, 'a');
    recovery = outputRecovery((source) => source === 'a', fd) as CursorRecovery;
  }

  function print(id: number, source = 'a'): void {
    const line = { source, id: `${id}`, lastEventId: `${id}` };
    appendFileSync(fd, `${JSON.stringify(line)}\n`);
  }

  /** The next run, on the same path; the mark goes through the cursor as JSON. */
  function idsAfter(mark: unknown): readonly (string | null)[] {
    closeSync(fd);
    openOutput();
    return recovery.handledSince(JSON.parse(JSON.stringify(mark))).map(({ id }) => id);
  }

  test('finds the events of its source behind the mark', () => {
    print(1);
    const mark = recovery.mark();
    print(2);
    print(3, 'b');
    appendFileSync(fd, 'no event\n');
    print(4);
    expect(idsAfter(mark)).toEqual(['2', '4']);
    expect(idsAfter(recovery.mark())).toEqual([]);
  });

  test('finds them though the next output is another', () => {
    const mark = recovery.mark();
    print(1);
    out = join(folder, 'other');
    expect(idsAfter(mark)).toEqual(['1']);
  });

  test('finds nothing in a file that has taken the place of that one', () => {
    const mark = recovery.mark();
    print(1);
    renameSync(out, join(folder, 'moved'));
    copyFileSync(join(folder, 'moved'), out);
    expect(idsAfter(mark)).toEqual([]);
  });

  test('finds nothing when the file is gone, or without a mark of its own', () => {
    const mark = recovery.mark();
    print(1);
    expect(idsAfter('another')).toEqual([]);
    expect(recovery.handledSince(undefined)).toEqual([]);
    rmSync(out);
    expect(idsAfter(mark)).toEqual([]);
  });

  test('does not count a line that was cut off as an event, and ends the line', () => {
    const mark = recovery.mark();
    print(1);
    print(2);
    truncateSync(out, statSync(out).size - 2);
    expect(idsAfter(mark)).toEqual(['1']);
    const lines = readFileSync(out, 'utf8').split('\n');
    expect(lines.slice(1)).toEqual([expect.stringMatching(/^\{"source":"a".*"$/), '']);
  });

  test('is undefined for an output that is no file', () => {
    writeFileSync(out, '');
    rmSync(out);
    expect(outputRecovery(() => true, fd)).toBeUndefined();
    fd = openSync('/dev/null', 'a');
    expect(outputRecovery(() => true, fd)).toBeUndefined();
  });
});
