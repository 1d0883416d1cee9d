import { Agent, EventSource } from 'undici';

import { play } from '../client.ts';
import { webState } from '../web-state.ts';

play(({ url, headers, handle, idleTimeout }) => {
  // As its documentation has it: headers, and limits of time, are the dispatcher's.
  const agent = new Agent(idleTimeout === undefined ? {} : { bodyTimeout: idleTimeout });
  const dispatcher = agent.compose((dispatch) => (options, handler) => {
    Object.assign(options.headers ?? {}, headers);
    return dispatch(options, handler);
  });
  const source = new EventSource(url, { node: { dispatcher } });
  // Its error events are bare: they do not say what went wrong.
  source.addEventListener('message', () => void handle());
  return () => webState(source.readyState);
});
