import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import { clientMachine } from '@reprise/sse';

import { stateDiagram } from '../tools/state-diagram.ts';

test('the picture in docs/sse/behaviour.md is that of the machine itself', () => {
  const page = readFileSync(join(import.meta.dirname, 'sse/behaviour.md'), 'utf8');
  const [, picture] = /```mermaid\r?\n(.*?)\r?\n```/s.exec(page) ?? [];
  expect(picture).toBe(stateDiagram(clientMachine.config));
});
