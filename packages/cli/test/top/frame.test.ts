import { describe, expect, jest, test } from '@jest/globals';
import stringWidth from 'string-width';

import { frameOf, type Scene } from '../../src/top/frame.ts';
import { type Key, press } from '../../src/top/keys.ts';
import { Model } from '../../src/top/model.ts';
import { timeOfDay } from '../../src/top/numbers.ts';
import { firstView, type View } from '../../src/top/view.ts';
import { Watched } from '../support/watched.ts';

/** A program whose geocoder waits for its fifth restart, and whose queue is stuck. */
async function crashed(): Promise<Watched> {
  jest.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON);
  const watched = await Watched.start();
  for (let count = 0; count < 4; count++) {
    watched.send(['enrich', 'geocoder'], 'fail');
    await watched.advance(9000);
  }
  watched.send(['enrich', 'queue'], 'hang');
  watched.send(['enrich', 'queue'], 'add');
  watched.send(['enrich', 'geocoder'], 'fail');
  await watched.advance(1500);
  for (let count = 0; count < 12; count++) {
    watched.send(['store'], 'add');
  }
  await watched.advance(500);
  const { model } = watched;
  if (model.hello !== undefined && model.vitals !== undefined) {
    model.hello = { ...model.hello, name: 'app', host: 'node-7', osPid: 4121 };
    model.vitals = { ...model.vitals, loopDelay: 3.1 };
  }
  return watched;
}

/** How long turns have held the thread is real time. */
function withoutBusy(line: string): string {
  return line.replace(/[\d.]+(?= {3}38 s$)/, (busy) => '*'.padStart(busy.length));
}

const plain = (_colour: unknown, text: string): string => text;

function sceneOf(model: Model, view: View = firstView, columns = 100, rows = 30): Scene {
  return { model, view, crashes: [], size: { columns, rows }, paint: plain };
}

describe('frame', () => {
  test('TOP-01 shows the findings, the figures, and the tree with its numbers', async () => {
    await using watched = await crashed();
    const { model } = watched;
    const time = timeOfDay(model.vitals?.wall ?? 0);
    expect(frameOf(sceneOf(model)).map(withoutBusy)).toStrictEqual([
      `app  node-7 · 4121 · up 38 s                                                          ${time}  live`,
      '■ app / enrich / geocoder keeps crashing: 5 times in 36 s  Error: no answer. app / enrich starts it…',
      '',
      'processes 5   crashes 5   streams 0/0   events 0/s   waiting 1   loop p99 3.1 ms',
      '',
      'PROCESS                              STATE                 RESTARTS    QUEUE   MSGS/S   BUSY%     UP',
      'app  restForOne                      running                      0        0        0       *   38 s',
      '├─ store                             running                      0        0       24       *   38 s',
      '└─ enrich  oneForOne                 ●○○○○○○○                     0        0        0       *   38 s',
      '   ├─ geocoder                       starts in 6 s                5                                 ',
      '   └─ queue                          awaiting 2 s                 0        1        0       *   38 s',
      '',
      '↑↓ select   ←→ fold   / filter   s sort: tree   ↵ process   t streams   c crashes   p pause   q quit',
    ]);
  });

  test('TOP-01 has the findings in colours and in words', async () => {
    await using watched = await crashed();
    const paint = (colour: string, text: string): string => `<${colour}>${text}</>`;
    const lines = frameOf({ ...sceneOf(watched.model, firstView, 200), paint });
    expect(lines[1]).toMatch(
      /^<red>■ app \/ enrich \/ geocoder keeps crashing: .*<\/> {2}Error: no/,
    );
    expect(lines.filter((line) => line.includes('geocoder '))).toContainEqual(
      expect.stringMatching(/^<red> {3}├─ geocoder +<\/> {2}<red>starts in 6 s +<\/>/),
    );
    watched.model.isLive = false;
    const [first = ''] = frameOf({ ...sceneOf(watched.model, firstView, 200), paint });
    expect(first).toMatch(/^<dim>.*as of \d\d:\d\d:\d\d<\/>$/);
  });

  test('TOP-02 has no line that is wider than the terminal, and cuts names in the middle', async () => {
    await using watched = await Watched.start([
      'a-name-that-is-much-too-long-for-a-terminal',
      '漢'.repeat(60),
    ]);
    for (const columns of [1, 14, 40, 80, 100, 400]) {
      const lines = frameOf(sceneOf(watched.model, firstView, columns));
      expect([columns, lines.filter((line) => stringWidth(line) > columns)]).toStrictEqual([
        columns,
        [],
      ]);
    }
    const heads = [40, 60, 80, 400].map((columns) =>
      frameOf(sceneOf(watched.model, firstView, columns))
        .find((line) => line.startsWith('PROCESS'))
        ?.split(/\s+/),
    );
    expect(heads).toStrictEqual([
      ['PROCESS', 'STATE', ''],
      ['PROCESS', 'STATE', 'RESTARTS', 'QUEUE'],
      ['PROCESS', 'STATE', 'RESTARTS', 'QUEUE', 'MSGS/S', 'BUSY%', 'UP'],
      ['PROCESS', 'STATE', 'RESTARTS', 'QUEUE', 'MSGS/S', 'BUSY%', 'UP'],
    ]);
    expect(frameOf(sceneOf(watched.model, firstView, 60))).toContain(
      '├─ a-name…-terminal  running                      0        0',
    );
  });

  test('lists the streams that the observer tells of, and says how many there are besides', () => {
    const model = new Model();
    const told = Array.from({ length: 20 }, (_, at) => ({
      path: `app / stream ${at}`,
      state: 'connected',
      events: 3,
      reconnects: 0,
      since: 0,
      lastEventId: '',
    }));
    model.apply('streams', JSON.stringify(told));
    model.apply('vitals', JSON.stringify({ at: 9000, wall: 0, streams: 1000, connected: 1000 }));
    const view: View = { ...firstView, view: 'streams' };
    const lines = frameOf(sceneOf(model, view, 100, 20));
    expect(lines).toHaveLength(20);
    expect(lines.filter((line) => line.includes('app / stream'))).not.toEqual([]);
    expect(lines).toContain('and 980 more, all connected');
    model.apply('vitals', JSON.stringify({ at: 9000, wall: 0, streams: 1000, connected: 30 }));
    expect(frameOf(sceneOf(model, view, 100, 20))).toContain(
      'and 980 more, 970 of them not connected',
    );
    model.apply('streams', '[]');
    model.apply('vitals', JSON.stringify({ at: 9500, wall: 0, streams: 0, connected: 0 }));
    expect(frameOf(sceneOf(model, view)).filter((line) => /stream \d|more/.test(line))).toEqual([]);
  });

  test('TOP-02 has no more lines than the terminal has rows, and the selected one is among them', async () => {
    const names = Array.from({ length: 40 }, (_, at) => `worker ${at}`);
    await using watched = await Watched.start(names);
    let view = firstView;
    for (let count = 0; count < 30; count++) {
      view = viewAfter({ name: 'down' }, watched.model, view, 11);
    }
    const lines = frameOf(sceneOf(watched.model, view, 80, 20));
    expect(lines).toHaveLength(20);
    expect(lines.filter((line) => line.includes('worker 27'))).toHaveLength(1);
  });
});

function viewAfter(key: Key, model: Model, view: View, count = 20): View {
  const command = press(key, model, view, count);
  return command.type === 'view' ? command.view : view;
}

/** The ids that are shown, in order. */
function shown(model: Model, view: View): readonly string[] {
  const lines = frameOf(sceneOf(model, view));
  const from = lines.findIndex((line) => line.startsWith('PROCESS'));
  return lines
    .slice(from + 1, -2)
    .map((line) => /[\w]+|▸ \w+/.exec(line)?.[0] ?? '')
    .filter((name) => name !== '');
}

describe('keys', () => {
  test('TOP-03 ↓ selects, ← folds a branch and goes up, → opens it', async () => {
    await using watched = await Watched.start();
    const { model } = watched;
    const all = ['app', 'store', 'enrich', 'geocoder', 'queue'];
    expect(shown(model, firstView)).toStrictEqual(all);
    let view = firstView;
    const steps: (readonly [name: string, selected: string, lines: number])[] = [];
    for (const name of [
      'down',
      'down',
      'down',
      'left',
      'right',
      'down',
      'left',
      'left',
      'up',
      'up',
      'up',
    ]) {
      view = viewAfter({ name }, model, view);
      steps.push([name, model.get(view.selected)?.id ?? '', shown(model, view).length]);
    }
    expect(steps).toStrictEqual([
      ['down', 'app', 5],
      ['down', 'store', 5],
      ['down', 'enrich', 5],
      ['left', 'enrich', 3],
      ['right', 'enrich', 5],
      ['down', 'geocoder', 5],
      ['left', 'enrich', 5],
      ['left', 'enrich', 3],
      ['up', 'store', 3],
      ['up', 'app', 3],
      ['up', 'app', 3],
    ]);
  });

  test('TOP-03 / filters and keeps the ancestors of its hits, until Esc', async () => {
    await using watched = await Watched.start();
    const { model } = watched;
    let view = viewAfter({ sequence: '/' }, model, firstView);
    for (const sequence of 'qux') {
      view = viewAfter({ name: sequence, sequence }, model, view);
    }
    expect(shown(model, view)).toStrictEqual([]);
    view = viewAfter({ name: 'backspace' }, model, view);
    expect(shown(model, view)).toStrictEqual(['app', 'enrich', 'queue']);
    view = viewAfter({ name: 'return' }, model, view);
    expect([view.isTyping, view.filter]).toStrictEqual([false, 'qu']);
    view = viewAfter({ name: 'escape' }, model, view);
    expect(shown(model, view)).toHaveLength(5);
  });

  test('TOP-03 s puts the longest queue, the most messages or restarts first', async () => {
    await using watched = await crashed();
    const { model } = watched;
    let view = firstView;
    const orders = Array.from({ length: 5 }, () => {
      view = viewAfter({ name: 's' }, model, view);
      return [view.order, frameOf(sceneOf(model, view))[6]?.split(/\s{3}/)[0]];
    });
    expect(orders).toStrictEqual([
      ['queue', 'app / enrich / queue'],
      ['messages', 'app / store'],
      ['busy', expect.stringContaining('app')],
      ['restarts', 'app / enrich / geocoder'],
      ['tree', 'app  restForOne'],
    ]);
  });

  test('TOP-03 ↵ opens a process, t and c lead to streams and crashes and back, p pauses, q ends', async () => {
    await using watched = await Watched.start();
    const { model } = watched;
    const view = viewAfter({ name: 'down' }, model, firstView);
    expect(press({ name: 'return' }, model, view, 20)).toStrictEqual({
      type: 'open',
      row: view.selected,
    });
    for (const [name, wanted] of [
      ['t', 'streams'],
      ['c', 'crashes'],
    ] as const) {
      const there = viewAfter({ name }, model, view);
      expect([there.view, viewAfter({ name }, model, there).view]).toStrictEqual([
        wanted,
        'processes',
      ]);
    }
    expect(viewAfter({ name: 'p' }, model, view).isPaused).toBe(true);
    const ends = [{ name: 'q' }, { name: 'c', ctrl: true }, { name: 'z', ctrl: true }];
    expect(ends.map((key) => press(key, model, view, 20).type)).toStrictEqual([
      'quit',
      'quit',
      'suspend',
    ]);
  });
});
