import type { Survey } from '@reprise/cluster';

import { harmless } from '../output/text.ts';

/** The state of a store for a person: its nodes, its streams in numbers, and then each of them. */
export function clusterLines(engine: string, { nodes, streams, rows }: Survey): readonly string[] {
  const { total, free, suspects, parked } = streams;
  const rest = total - rows.length;
  return [
    engine,
    '',
    ...table(
      ['NODE', 'STREAMS', 'HOST', 'PROCESS', 'SEEN', ''],
      nodes.map((node) => [
        node.name,
        `${node.owned}`,
        node.host,
        `${node.pid}`,
        `${Math.floor(node.sinceRenewal / 1000)} s ago`,
        noteOfNode(node),
      ]),
    ),
    '',
    `${total} streams: ${free} free, ${suspects} with strikes, ${parked} parked`,
    ...table(['STREAM', 'NODE', 'EPOCH', ''], rows.map(rowOf)),
    ...(rest > 0 ? [`and ${rest} more: --limit shows them`] : []),
  ];
}

/** A dead node has its streams until a living one buries it. */
function noteOfNode({ draining, sinceRenewal, ttl }: Survey['nodes'][number]): string {
  const late = sinceRenewal > ttl && `no renewal for longer than its ttl of ${ttl / 1000} s`;
  return [draining && 'draining', late].filter((note) => note !== false).join(', ');
}

type Row = Survey['rows'][number];

function rowOf(row: Row): readonly string[] {
  return [row.key, row.owner ?? '-', `${row.epoch}`, noteOf(row)];
}

function noteOf({ parked, strikes, retryIn }: Row): string {
  const next = retryIn === undefined ? '' : `, tried again in ${Math.ceil(retryIn / 1000)} s`;
  if (parked !== undefined) {
    return `parked: ${parked}${next}`;
  }
  return strikes === 0 ? '' : `${strikes} ${strikes === 1 ? 'strike' : 'strikes'}${next}`;
}

/** Columns as wide as their widest text; nothing without rows. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const cells = [head, ...rows].map((row) => row.map(harmless));
  const widths = head.map((_, at) => Math.max(...cells.map((row) => (row[at] ?? '').length)));
  const lines = cells.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return rows.length === 0 ? [] : lines;
}
