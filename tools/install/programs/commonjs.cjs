// From CommonJS: `require` loads the ES modules.
const { createSystem, GenServer, ok, reply } = require('@reprise/actor');
const { ServerSentEvent } = require('@reprise/sse/format');
const { SseClient } = require('@reprise/sse');

const counter = GenServer.define({
  init: (count) => ok(count),
  handleCall: { get: (_, count) => reply(count, count) },
});

async function main() {
  const system = createSystem();
  const pid = await GenServer.startLink(system, counter, 7);
  const { events } = ServerSentEvent.parseAll('data: hello\n\n');
  console.log(events[0].data, await GenServer.call(pid, 'get'), typeof SseClient.resilient);
  await system.stop();
}

void main();
