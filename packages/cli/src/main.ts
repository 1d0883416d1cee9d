#!/usr/bin/env node
// In words that every Node with modules understands, and without an import: the imports of a module
// are loaded before its first line, and would fail on a Node that is too old.
const { node } = process.versions;
const [major = 0, minor = 0] = node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 12)) {
  console.error(`reprise: expected Node 22.12 or newer, got Node ${node}`);
  process.exitCode = 1;
} else {
  void import('./run.ts');
}
