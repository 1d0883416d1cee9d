import { Agent, EventSource } from 'undici';

import { play } from '../client.ts';
import { webState } from '../web-state.ts';

play(({ url, headers, handle, idleTimeout }) => {
  // As its documentation says: headers and timeouts are options of the dispatcher.
  const agent = new Agent(idleTimeout === undefined ? {} : { bodyTimeout: idleTimeout });
  const dispatcher = agent.compose((dispatch) => (options, handler) => {
    Object.assign(options.headers ?? {}, headers);
    return dispatch(options, handler);
  });
  const source = new EventSource(url, { node: { dispatcher } });
  // Its error events have no reason.
  source.addEventListener('message', () => void handle());
  return () => webState(source.readyState);
});
