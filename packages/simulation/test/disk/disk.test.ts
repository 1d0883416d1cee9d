import { expect, test } from '@jest/globals';
import { type Disk, type Faults, FileStore, type Program, runSeed } from '@reprise/simulation';
import type { CursorStore } from '@reprise/sse';

import { runSeeds, valuesOf } from '../support/seeds.ts';

/** Runs `first` in the first life of a node, and tells the content of the disk in the second. */
function afterCrash(
  first: (disk: Disk) => Promise<void>,
  read: (disk: Disk) => Promise<string>,
): (told: (value: string) => void) => Program {
  return (told) => async (sim) => {
    let isWritten = false;
    const node = sim.node('a', async ({ disk, starts }) => {
      if (starts === 1) {
        await first(disk);
        isWritten = true;
      } else {
        told(await read(disk));
      }
    });
    await sim.run({ until: () => isWritten, within: 1000 });
    node.crash();
    await sim.sleep(20_000);
    node.restart();
    await sim.sleep(1000);
  };
}

const textOf = async (disk: Disk): Promise<string> => (await disk.readText('log')) ?? 'none';

const halfSynced = afterCrash(async (disk) => {
  await disk.write('log', 'synced ');
  await disk.sync('log');
  await disk.append('log', 'second ');
  await disk.append('log', 'third');
}, textOf);

test('SIM-C03 main runs again on what was synced; what was not is there or not, in order', async () => {
  const seen = await valuesOf(200, halfSynced, { faults: { disk: true } });
  expect(seen).toEqual(new Set(['synced ', 'synced second ', 'synced second third']));
});

test('SIM-C03 a crash loses nothing without faults of disks', async () => {
  expect(await valuesOf(50, halfSynced)).toEqual(new Set(['synced second third']));
});

test('SIM-C03 writes are torn only if that is allowed', async () => {
  const seen = await valuesOf(300, halfSynced, { faults: { disk: true, tear: true } });
  expect(seen).toContain('synced second ');
  expect([...seen].some((text) => /^synced (?:s\w*|second t\w*)$/.test(text))).toBe(true);
  expect([...seen].every((text) => 'synced second third'.startsWith(text))).toBe(true);
  expect([...seen].every((text) => text.startsWith('synced '))).toBe(true);
});

test('SIM-C03 a new name is lost without its bytes, or they without it', async () => {
  const replaced = afterCrash(async (disk) => {
    await disk.write('log', 'old');
    await disk.sync('log');
    await disk.write('draft', 'new');
    await disk.rename('draft', 'log');
  }, textOf);
  const seen = await valuesOf(200, replaced, { faults: { disk: true } });
  expect(seen).toEqual(new Set(['old', 'new', '']));
});

test('SIM-C03 a file store loses nothing that was set, and tears nothing', async () => {
  const stored = afterCrash(
    async (disk) => {
      const files: CursorStore = new FileStore(disk);
      await files.set('https://example.com/a', 'first');
      await files.set('https://example.com/a', 'second');
      await files.set('b', 'lost');
      await new FileStore(disk).delete('b');
    },
    async (disk) => {
      const files = new FileStore(disk);
      return `${await files.get('https://example.com/a')} ${await files.get('b')}`;
    },
  );
  const seen = await valuesOf(200, stored, { faults: { disk: true, tear: true } });
  expect(seen).toEqual(new Set(['second undefined']));
});

test('SIM-C03 a write that was under way in a crash lands before the restart, after it, or never', async () => {
  const ends = await valuesOf(
    500,
    (told) => async (sim) => {
      const node = sim.node('a', async ({ disk, starts }) => {
        if (starts === 1) {
          await disk.write('log', 'old');
          await disk.sync('log');
          void disk.write('log', 'new');
          node.crash();
          node.restart();
        } else {
          const early = await textOf(disk);
          await new Promise((resolve) => {
            setTimeout(resolve, 20_000);
          });
          told(`${early}, ${await textOf(disk)}`);
        }
      });
      await sim.sleep(60_000);
    },
    { faults: { disk: true } },
  );
  expect(ends).toContain('old, old');
  expect(ends).toContain('old, new');
});

test('SIM-C03 a crash inside an operation of a disk comes before its effect, and after it', async () => {
  const faults: Faults = { crash: true };
  const seen = await valuesOf(
    400,
    (told) => async (sim) => {
      let begun = 0;
      let done = 0;
      const node = sim.node('a', async ({ disk, starts }) => {
        for (let round = 1; starts === 1 && round <= 20; round += 1) {
          begun = round;
          await disk.write('log', String(round));
          done = round;
        }
      });
      await sim.sleep(1000);
      if (node.starts > 1 && begun !== done) {
        told(node.disk.peek('log') === String(begun) ? 'after' : 'before');
      }
    },
    { faults },
  );
  expect(seen).toEqual(new Set(['before', 'after']));
});

test('files are created, appended to, listed, renamed, deleted', async () => {
  const { violation } = await runSeed(
    async (sim) => {
      const node = sim.node('a', async ({ disk }) => {
        expect(await disk.read('a')).toBeUndefined();
        await disk.append('a', new Uint8Array([104, 105]));
        await disk.append('a', '!');
        expect(await disk.readText('a')).toBe('hi!');
        expect(await disk.read('a')).toEqual(Buffer.from('hi!'));
        await disk.rename('a', 'b');
        expect(await disk.list()).toEqual(['b']);
        const missing = { code: 'ENOENT' };
        await expect(disk.rename('a', 'c')).rejects.toMatchObject(missing);
        await expect(disk.sync('a')).rejects.toMatchObject(missing);
        await disk.sync();
        expect(await disk.delete('b')).toBe(true);
        expect(await disk.delete('b')).toBe(false);
        return true;
      });
      await sim.run({ until: () => node.value === true });
    },
    { source: { seed: 0 } },
  );
  expect(violation).toBeUndefined();
});

test('a disk is that of its node, and keeps its files over many crashes', async () => {
  const results = await runSeeds(
    50,
    async (sim) => {
      const nodes = ['a', 'b'].map((name) =>
        sim.node(name, async ({ disk, starts }) => {
          await disk.append('starts', `${name}${starts} `);
          await disk.sync('starts');
        }),
      );
      for (let round = 0; round < 3; round += 1) {
        await sim.sleep(1000);
        for (const node of nodes) {
          node.crash();
          node.restart();
        }
      }
      await sim.sleep(1000);
      expect(nodes.map(({ disk }) => disk.peek('starts'))).toEqual([
        'a1 a2 a3 a4 ',
        'b1 b2 b3 b4 ',
      ]);
    },
    { faults: { disk: true } },
  );
  expect(results.map(({ violation }) => violation)).toEqual(results.map(() => undefined));
});
