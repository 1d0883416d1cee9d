/**
 * The test files that take more than two seconds on a quiet machine, the slowest first: they run
 * whole programs, a browser, properties, or streams of many megabytes. Jest starts them first, for
 * no worker to be left with a long one at the end, and `pnpm test quick` leaves them out.
 */
export const slowTests: readonly string[] = [
  'packages/cli/test/cursor.test.ts',
  'packages/cli/test/tail.test.ts',
  'packages/sse/test/chaos/soak.test.ts',
  'packages/actor/test/application/application-run.test.ts',
  'packages/sse/test/contract/contract-service.test.ts',
  'packages/cli/test/stopping.test.ts',
  'packages/cli/test/feed.test.ts',
  'examples/resume/resume.test.ts',
  'packages/sse/test/cost.test.ts',
  'examples/supervised-service/supervised-service.test.ts',
  'packages/sse/test/eventsource/eventsource-readme.test.ts',
  'packages/sse/test/format/fuzz.property.test.ts',
  'packages/sse/test/format/parser.test.ts',
  'packages/sse/test/cursor/recent-ids.test.ts',
  'packages/sse/test/resilient/faults.property.test.ts',
  'packages/sse/test/eventsource/eventsource-fetch.test.ts',
  'packages/actor/test/collections/key-table.test.ts',
  'packages/sse/test/http/connection-body.test.ts',
  'packages/actor/test/browser/browser.test.ts',
  'packages/sse/test/format/hostile-parser.test.ts',
  'examples/token-refresh/token-refresh.test.ts',
  'packages/sse/test/http/hostile-bombs.test.ts',
  'packages/sse/test/hostile.test.ts',
  'packages/sse/test/http/hostile-http2.test.ts',
  'packages/sse/test/eventsource/eventsource-process.test.ts',
  'packages/sse/test/http/connection-http2.test.ts',
  'packages/sse/test/format/event.test.ts',
  'packages/sse/test/eventsource/eventsource-stream.test.ts',
  'packages/actor/test/supervisor/supervision.property.test.ts',
  'packages/actor/test/host/clock-and-timers.test.ts',
  'packages/sse/test/http/connection-routes.test.ts',
  'packages/sse/test/http/connection-life.test.ts',
];
