/** Prints how /mcp answers in a program that has not installed the SDK. */
import * as nodeModule from 'node:module';

import { createSystem } from '@reprise/actor';

import { observerHandler } from '../../src/index.ts';

type Resolve = (specifier: string, context: object) => unknown;

/** The types are those of an older Node, which has it not yet. */
const { registerHooks } = nodeModule as unknown as {
  registerHooks(hooks: {
    resolve: (specifier: string, context: object, next: Resolve) => unknown;
  }): void;
};

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('@modelcontextprotocol/')) {
      throw Object.assign(new Error('not installed'), { code: 'ERR_MODULE_NOT_FOUND' });
    }
    return next(specifier, context);
  },
});

const system = createSystem();
const { fetch } = observerHandler(system, { gate: () => true });
const headers = { 'content-type': 'application/json' };
const answer = await fetch(new Request('http://a/mcp', { method: 'POST', headers, body: '{}' }));
const overview = await fetch(new Request('http://a/api/overview'));
console.log(answer.status, overview.status, (await answer.text()).trim());
await system.stop();
