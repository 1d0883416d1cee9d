import type { TraceEntry } from './trace.ts';

/** A step on one line, without its number. */
export function formatEntry({ t, node, kind, what }: TraceEntry): string {
  return `${timeOf(t)}  ${node}  ${kind}  ${what}`;
}

/** The last steps, in columns. */
export function formatTrace(trace: readonly TraceEntry[], most: number): string {
  const shown = trace.slice(-most);
  const rows = shown.map((entry) => [
    `${entry.n}`,
    timeOf(entry.t),
    entry.node,
    entry.kind,
    entry.what,
  ]);
  const before = (shown[0]?.n ?? 1) - 1;
  return [
    ...(before > 0 ? [`(${before} steps before)`] : []),
    ...columns([['step', 'time', 'node', 'kind', 'what'], ...rows]),
  ].join('\n');
}

function timeOf(t: number): string {
  return `${(t / 1000).toFixed(3)} ms`;
}

/** The first two are numbers. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, at) => (at < 2 ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
