/** Comments, texts in quotes or between dollars, and names in quotes. */
const opaque =
  /--[^\n\r]*|\/\*|(?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w$])\$((?:[A-Za-z_\u{80}-\u{10ffff}][\w\u{80}-\u{10ffff}]*)?)\$.*?\$\1\$/gsu;

const control =
  /^(?:begin|start\s+transaction|commit|end|abort|prepare\s+transaction|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b))\b/i;

/**
 * Why a text must not be sent inside a transaction that somebody else ends; `undefined` if it may.
 * The server would run it: a `commit` in the middle would part an effect from its cursor.
 */
export function refusalOf(sql: string): string | undefined {
  const statements = plain(sql)
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
  if (statements.length > 1) {
    return 'one statement';
  }
  return control.test(statements[0] ?? '')
    ? 'a statement that leaves the transaction open'
    : undefined;
}

/** The text without comments and literals, each of which may hide a semicolon. */
function plain(sql: string): string {
  let result = '';
  let from = 0;
  for (;;) {
    opaque.lastIndex = from;
    const found = opaque.exec(sql);
    if (found === null) {
      return result + sql.slice(from);
    }
    result += `${sql.slice(from, found.index)} `;
    from = found[0] === '/*' ? endOfComment(sql, found.index) : opaque.lastIndex;
  }
}

/** Comments nest in Postgres. */
function endOfComment(sql: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 0;
  for (;;) {
    const found = edge.exec(sql);
    if (found === null) {
      return sql.length;
    }
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) {
      return edge.lastIndex;
    }
  }
}
