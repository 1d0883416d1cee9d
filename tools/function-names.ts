// TypeScript 7 has no JavaScript API.
import ts from 'typescript-6';

/**
 * Blanks out the calls `__name(fn, "name")` that esbuild's `keepNames` writes and that change
 * nothing, and those inside functions, which would run with every call of the function around
 * them. The calls that stay give a top-level function or class back the name that esbuild took for
 * another. Every other character keeps its line and column, as the source map has them.
 */
export function removeNeedlessNames(code: string): string {
  const file = ts.createSourceFile('bundle.js', code, ts.ScriptTarget.Latest, true);
  const blanks: (readonly [from: number, to: number])[] = [];
  const visit = (node: ts.Node, isNested: boolean): void => {
    if (isNaming(node)) {
      blanks.push(...blanksOf(node, isNested));
    }
    const isInside =
      isNested || (ts.isFunctionLike(node) && !ts.isClassStaticBlockDeclaration(node));
    ts.forEachChild(node, (child) => {
      visit(child, isInside);
    });
  };
  visit(file, false);
  return blanks.reduce(
    (text, [from, to]) =>
      text.slice(0, from) + text.slice(from, to).replaceAll(/[^\n]/g, ' ') + text.slice(to),
    code,
  );
}

interface Naming extends ts.CallExpression {
  readonly arguments: ts.NodeArray<ts.Expression> &
    readonly [value: ts.Expression, name: ts.StringLiteral];
}

function isNaming(node: ts.Node): node is Naming {
  return ts.isCallExpression(node) && node.expression.getText() === '__name';
}

function blanksOf(
  call: Naming,
  isNested: boolean,
): readonly (readonly [from: number, to: number])[] {
  const [value, { text: name }] = call.arguments;
  const { parent } = call;
  if (ts.isExpressionStatement(parent)) {
    const isNeedless = isNested || nameOf(value) === name;
    return isNeedless ? [[parent.getStart(), parent.getEnd()]] : [];
  }
  const isNeedless = isNested || nameOf(parent) === name;
  // The comment before the call tells bundlers that it is pure.
  return isNeedless
    ? [
        [call.getFullStart(), value.getStart()],
        [value.getEnd(), call.getEnd()],
      ]
    : [];
}

/** The name that the language gives to a function or a class at this place. */
function nameOf(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) {
    return node.text;
  }
  if (node.kind === ts.SyntaxKind.ThisKeyword) {
    const owner = ts.findAncestor(node, ts.isClassLike);
    return owner && (owner.name?.text ?? nameOf(owner.parent));
  }
  return ts.isVariableDeclaration(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isPropertyDeclaration(node)
    ? node.name.getText()
    : undefined;
}
