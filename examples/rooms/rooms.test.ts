import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';
import { exit, isAlive, kill, type Pid, whereis } from '@reprise/actor';
import { createTestSystem, settle } from '@reprise/actor/testing';

import { enter, openIn, roomAt, startHotels } from './rooms.ts';

test('each key [hotel, number] is one room, found by another array with the same elements', async () => {
  const system = createTestSystem();
  await startHotels(system);
  expect(await enter(system, ['Savoy', 7], 'Joe')).toStrictEqual(['Joe']);
  expect(await enter(system, ['Savoy', 7], 'Robert')).toStrictEqual(['Joe', 'Robert']);
  expect(await enter(system, ['Savoy', 8], 'Mike')).toStrictEqual(['Mike']);
  expect(await enter(system, ['Ritz', 7], 'Jane')).toStrictEqual(['Jane']);
  expect(openIn(system, 'Savoy')).toStrictEqual([7, 8]);
  expect(openIn(system, 'Plaza')).toStrictEqual([]);
});

test('two guests who come at once open one room', async () => {
  const system = createTestSystem();
  await startHotels(system);
  const entered = ['Joe', 'Robert'].map((guest) => enter(system, ['Savoy', 7], guest));
  expect((await Promise.all(entered)).at(-1)).toHaveLength(2);
  expect(openIn(system, 'Savoy')).toStrictEqual([7]);
});

test('a room that crashes is there again under its key, empty; its report names the room', async () => {
  const system = createTestSystem();
  await startHotels(system);
  await enter(system, ['Savoy', 7], 'Joe');
  const first = roomAt(system, ['Savoy', 7]);
  await expect(enter(system, ['Savoy', 7], '')).rejects.toThrow('a guest has a name');
  await settle(system);
  expect(roomAt(system, ['Savoy', 7])).not.toBe(first);
  expect(await enter(system, ['Savoy', 7], 'Jane')).toStrictEqual(['Jane']);
  expect(system.reports[0]?.message).toContain(`${String(first)} ["Savoy",7]`);
});

test('a registry that is restarted ends the rooms with it', async () => {
  const system = createTestSystem();
  await startHotels(system);
  await enter(system, ['Savoy', 7], 'Joe');
  const room = roomAt(system, ['Savoy', 7]) as Pid;
  exit(system, whereis(system, 'rooms') as Pid, kill);
  await settle(system);
  expect(isAlive(room)).toBe(false);
  expect(await enter(system, ['Savoy', 7], 'Jane')).toStrictEqual(['Jane']);
});

test('the program prints who is where, and the tree with the labels', async () => {
  const program = join(import.meta.dirname, 'main.ts');
  const words = ['Savoy', '7', 'Joe', 'Savoy', '7', 'Robert', 'Ritz', '7', 'Jane'];
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=@reprise/source',
    program,
    ...words,
  ]);
  expect(stdout.split('\n').slice(0, 5)).toStrictEqual([
    'Savoy 7: Joe',
    'Savoy 7: Joe, Robert',
    'Ritz 7: Jane',
    'open in Savoy: 7',
    'open in Ritz: 7',
  ]);
  expect(stdout).toMatch(/room #Pid<\d+> \["Savoy",7\], up 0 s/);
});
