/**
 * A client with a bug: `handleEvent` throws on an event that it does not expect. The supervisor
 * starts the client again, from `init`. When that happens too often, the supervisor gives up and
 * the program ends with the reason, rather than running on without its stream.
 *
 * `node --conditions=@reprise/source examples/let-it-crash/main.ts URL`
 */
import { createSystem, formatReason, Supervisor } from '@reprise/actor';
import { connect, noreply, SseClient } from '@reprise/sse';

const prices = SseClient.define({
  init: (url: string) => {
    console.log('init');
    return connect({ url }, { url, handled: 0 });
  },
  handleConnect: (_response, state) => noreply(state),
  handleConnectFailure: (_failure, state) => connect({ url: state.url }, state, { after: 1000 }),
  handleDisconnect: (_disconnected, state) => connect({ url: state.url }, state, { after: 1000 }),
  handleEvent: (event, state) => {
    const { price } = JSON.parse(event.data) as { readonly price: number };
    const handled = state.handled + 1;
    console.log(`price ${price} is number ${handled}`);
    return { ...state, handled };
  },
});

const [url] = process.argv.slice(2);
if (url === undefined) {
  console.error('Expected a URL, got none');
  process.exit(2);
}

const system = createSystem();
await Supervisor.startLink(system, {
  strategy: 'oneForOne',
  maxRestarts: 2,
  maxSeconds: 5,
  children: [SseClient.childSpec(prices, url, { id: 'prices' })],
});
const reason = await system.whenExited;
console.error(`ended: ${formatReason(reason)}`);
process.exitCode = 1;
