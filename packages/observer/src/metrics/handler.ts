import type { IncomingMessage, ServerResponse } from 'node:http';

import type { System } from '@reprise/actor';

import { metrics } from './metrics.ts';
import { metricsText, type TextFormat } from './text.ts';

const types: Readonly<Record<TextFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/**
 * A handler for `node:http` that answers with the metrics of a system: as OpenMetrics if `Accept`
 * names that, else in the older text of Prometheus. It asks for no token: paths of processes are in
 * the answer, no event, state or message. Serve it where your other operators' pages are.
 * @throws TypeError for anything but a system
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { once } from 'node:events';
 * import { createTestSystem } from '@reprise/actor/testing';
 * import { metricsHandler } from '@reprise/observer/metrics';
 *
 * const system = createTestSystem();
 * const server = createServer(metricsHandler(system)).listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const address = server.address();
 * if (typeof address === 'object' && address !== null) {
 *   const response = await fetch(`http://127.0.0.1:${address.port}/metrics`);
 *   console.log((await response.text()).split('\n')[2]); // reprise_processes 1
 * }
 * server.closeAllConnections();
 * server.close();
 * await system.stop();
 * ```
 */
export function metricsHandler(
  system: System,
): (request: IncomingMessage, response: ServerResponse) => void {
  // From now on everything is counted.
  metrics(system);
  return ({ method, headers }, response) => {
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    const format = formatFor(headers.accept ?? '');
    response
      .writeHead(200, { 'content-type': types[format], 'cache-control': 'no-store' })
      .end(metricsText(metrics(system), format));
  };
}

/** OpenMetrics if it is named, and wanted no less than the older text. */
function formatFor(accept: string): TextFormat {
  const weights = new Map<string, number>();
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const [, weight = '1'] =
      /^q=(.*)$/.exec(parameters.find((one) => one.startsWith('q=')) ?? '') ?? [];
    weights.set(type, Math.max(weights.get(type) ?? 0, Number(weight) || 0));
  }
  const open = weights.get('application/openmetrics-text') ?? 0;
  const old = weights.get('text/plain') ?? weights.get('text/*') ?? weights.get('*/*') ?? 0;
  return open > 0 && open >= old ? 'openmetrics' : 'prometheus';
}
