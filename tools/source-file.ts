import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

// TypeScript 7 has no JavaScript API.
import ts from 'typescript-6';

import { root } from './root.ts';

/** A function or a class of a source file. */
export interface Piece {
  readonly name: string;
  /** As `packages/actor/src/describe.ts:12`. */
  readonly place: string;
  /** Its lines of code, from its first line to its last. */
  readonly lines: number;
}

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  /** Its lines of code. */
  readonly lines: number;
  /** The functions with a name: declarations, members of classes and objects, bound arrows. */
  readonly functions: readonly Piece[];
  readonly classes: readonly Piece[];
  /** `value as Type`; `as const` is none. */
  readonly casts: number;
  /** The files that it imports or re-exports by a relative path. */
  readonly imports: readonly string[];
}

/** Parses a file, given from the root of the repository, and measures it. */
export function measureFile(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const code = linesOfCode(file);
  const nodes = [...descendants(file)];
  const pieceOf = (node: ts.Node, name: string): Piece => ({
    name,
    place: `${path}:${lineAt(file, node.getStart(file)) + 1}`,
    lines: countBetween(code, lineAt(file, node.getStart(file)), lineAt(file, node.getEnd())),
  });
  return {
    path,
    lines: code.size,
    functions: nodes.flatMap((node) => {
      const name = nameOfFunction(node, file);
      return name === undefined ? [] : [pieceOf(node, name)];
    }),
    classes: nodes
      .filter((node) => ts.isClassLike(node))
      .map((node) => pieceOf(node, node.name?.text ?? 'without a name')),
    casts: nodes.filter(isCast).length,
    imports: nodes.flatMap((node) => importOf(path, node)),
  };
}

function* descendants(node: ts.Node): Generator<ts.Node> {
  for (const child of childrenOf(node)) {
    yield child;
    yield* descendants(child);
  }
}

function childrenOf(node: ts.Node): readonly ts.Node[] {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    children.push(child);
  });
  return children;
}

/** The numbers of the lines on which a token stands, from 0: a template has a token on each. */
function linesOfCode(file: ts.SourceFile): ReadonlySet<number> {
  const lines = new Set<number>();
  const visit = (node: ts.Node): void => {
    const children = node.getChildren(file).filter((child) => !ts.isJSDoc(child));
    if (children.length === 0 && node.getWidth(file) > 0) {
      const last = lineAt(file, node.getEnd());
      for (let line = lineAt(file, node.getStart(file)); line <= last; line += 1) {
        lines.add(line);
      }
    }
    for (const child of children) {
      visit(child);
    }
  };
  visit(file);
  return lines;
}

function lineAt(file: ts.SourceFile, position: number): number {
  return file.getLineAndCharacterOfPosition(position).line;
}

function countBetween(lines: ReadonlySet<number>, first: number, last: number): number {
  let count = 0;
  for (let line = first; line <= last; line += 1) {
    count += lines.has(line) ? 1 : 0;
  }
  return count;
}

/** `undefined` for a node that is no function, has no body (an overload), or has no name. */
function nameOfFunction(node: ts.Node, file: ts.SourceFile): string | undefined {
  if (ts.isConstructorDeclaration(node)) {
    return node.body && 'constructor';
  }
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isAccessor(node)) {
    return node.body && node.name?.getText(file);
  }
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) {
    return undefined;
  }
  const { parent } = node;
  const isBound =
    ts.isVariableDeclaration(parent) ||
    ts.isPropertyAssignment(parent) ||
    ts.isPropertyDeclaration(parent);
  return isBound ? parent.name.getText(file) : undefined;
}

function isCast(node: ts.Node): boolean {
  return (
    (ts.isAsExpression(node) && !ts.isConstTypeReference(node.type)) ||
    ts.isTypeAssertionExpression(node)
  );
}

function importOf(path: string, node: ts.Node): readonly string[] {
  const isImport = ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
  const from = isImport ? node.moduleSpecifier : undefined;
  return from !== undefined && ts.isStringLiteral(from) && from.text.startsWith('.')
    ? [posix.join(posix.dirname(path), from.text)]
    : [];
}
