import type { Links, TreeRow } from '@reprise/observer/wire';

import { harmless } from '../output/text.ts';

/**
 * The tree in the DOT language: an edge from each supervisor to its children, dashed lines for
 * other links, dotted arrows for monitors.
 */
export function dotOf(rows: readonly TreeRow[], { links, monitors }: Links): string {
  const names = new Map(rows.map(({ row, pid }, at) => [row, { name: `p${at}`, pid }]));
  const byPid = new Map([...names.values()].map(({ name, pid }) => [pid, name]));
  const edges = rows.flatMap(({ row, parent }) => {
    const [above, own] = [names.get(parent), names.get(row)];
    return above === undefined || own === undefined ? [] : [[above, own] as const];
  });
  const inTree = new Set(edges.flatMap(([a, b]) => [`${a.name} ${b.name}`, `${b.name} ${a.name}`]));
  const others = (pairs: Links['links'], style: string): readonly string[] =>
    pairs.flatMap(([from, to]) => {
      const [a, b] = [byPid.get(from), byPid.get(to)];
      return a === undefined || b === undefined || inTree.has(`${a} ${b}`)
        ? []
        : [`${a} -> ${b} [${style}]`];
    });
  return statements([
    ...rows.map((row) => nodeOf(row, names.get(row.row)?.name ?? '')),
    ...edges.map(([above, own]) => `${above.name} -> ${own.name}`),
    ...others(links, 'style=dashed, dir=none, constraint=false'),
    ...others(monitors, 'style=dotted, constraint=false'),
  ]);
}

function statements(lines: readonly string[]): string {
  return ['digraph processes {', ...lines.map((line) => `  ${line};`), '}', ''].join('\n');
}

function nodeOf({ id, type, state }: TreeRow, name: string): string {
  const shape = type === 'supervisor' ? 'box' : 'ellipse';
  return `${name} [label=${quoted(id)}, shape=${shape}${state === 'running' ? '' : ', color=red'}]`;
}

function quoted(text: string): string {
  return `"${harmless(text)
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)}"`;
}
