// The tree of the README's service before a crash of its counter and after it, as an SVG. The tree
// is a real one, on virtual time: `node --conditions=@reprise/source docs/tree-picture.ts`
// prints it, for docs/tree.svg.
import { Agent, crash, exit, Supervisor } from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';
import { TreeChart } from 'echarts/charts';
import { TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([TreeChart, TitleComponent, SVGRenderer]);

/** A process as a node of the chart. */
interface Node {
  readonly name: string;
  readonly itemStyle: { readonly color: string };
  readonly children: readonly Node[];
}

const unchanged = '#2f6fde';
const restarted = '#d9822b';

/** Runs the tree, crashes the counter a minute later, and draws both moments side by side. */
export async function drawTree(): Promise<string> {
  const system = createTestSystem();
  const app = await Supervisor.startLink(system, {
    name: 'app',
    strategy: 'restForOne',
    children: ['counter', 'reader'].map((id) => Agent.childSpec(() => undefined, { id })),
  });
  await advance(system, 60_000);
  const before = nodeOf(Supervisor.tree(app));
  exit(system, Supervisor.child(app, 'counter'), crash(new Error('failed')));
  await settle(system);
  const after = nodeOf(Supervisor.tree(app));
  await system.stop();
  return draw([
    { title: 'before', tree: before },
    { title: 'after a crash of the counter', tree: after },
  ]);
}

/** A process that was started after the tree as a whole has taken the place of another. */
function nodeOf({ id, pid, name, age, children }: Supervisor.Tree, ageOfAll = age): Node {
  const isNew = age !== ageOfAll;
  return {
    name: `${id ?? name}\n${String(pid)}${isNew ? '\nrestarted' : ''}`,
    itemStyle: { color: isNew ? restarted : unchanged },
    children: children.map((child) => nodeOf(child, ageOfAll)),
  };
}

interface Moment {
  readonly title: string;
  readonly tree: Node;
}

const width = 720;
const height = 220;

function draw(moments: readonly Moment[]): string {
  const part = 100 / moments.length;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: moments.map(({ title }, at) => ({
      text: title,
      left: `${(at + 0.5) * part}%`,
      top: 8,
      textAlign: 'center',
      textStyle: { fontSize: 14, fontWeight: 'normal', color: '#57606a' },
    })),
    series: moments.map(({ tree }, at) => ({
      type: 'tree',
      data: [tree],
      orient: 'TB',
      edgeShape: 'polyline',
      left: `${at * part + 10}%`,
      right: `${100 - (at + 1) * part + 10}%`,
      top: 80,
      bottom: 60,
      symbol: 'circle',
      symbolSize: 12,
      lineStyle: { color: '#b3bac5', width: 1.5 },
      label: { position: 'top', fontSize: 13, lineHeight: 17, color: '#1f2328' },
      leaves: { label: { position: 'bottom' } },
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

if (process.argv[1] === import.meta.filename) {
  console.log(await drawTree());
}
