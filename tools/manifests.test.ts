import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { root } from './root.ts';

interface Manifest {
  readonly name: string;
  readonly keywords: readonly string[];
  readonly homepage: string;
  readonly bugs: string;
  readonly repository: { readonly url: string; readonly directory: string };
  readonly engines: { readonly node: string };
}

function read(path: string): Manifest {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest;
}

const paths = globSync('packages/*/package.json', { cwd: root });

test.each(paths)('%s says where its source is, at the address of the root package', (path) => {
  const { url } = read('package.json').repository;
  const { repository, homepage, bugs, keywords } = read(path);
  const page = url.replaceAll(/^git\+|\.git$/g, '');
  const directory = path.replaceAll('\\', '/').replace('/package.json', '');
  expect(repository).toMatchObject({ url, directory });
  expect(homepage).toBe(`${page}/tree/main/${directory}#readme`);
  expect(bugs).toBe(`${page}/issues`);
  expect(keywords.length).toBeGreaterThan(4);
});

test('the oldest Node is one number, in the manifests and where it is checked', () => {
  const engines = new Set(paths.map((path) => read(path).engines.node));
  expect([...engines]).toEqual(['>=22.12']);
  const host = readFileSync(join(root, 'packages/actor/src/host.ts'), 'utf8');
  expect(host).toContain('[22, 12]');
  const program = readFileSync(join(root, 'packages/cli/src/main.ts'), 'utf8');
  expect(program).toContain('major < 22 || (major === 22 && minor < 12)');
});
