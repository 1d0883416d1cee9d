/**
 * `node --conditions=@reprise/source event-source-program.ts URL [on]`: an EventSource, and nothing
 * else that keeps the program alive. It prints each event and obeys the data of the events. With
 * `on` it survives uncaught exceptions.
 */
import { EventSource } from '../../src/eventsource.ts';

const [url = '', mode] = process.argv.slice(2);
const source = new EventSource(url);
source.onopen = () => {
  console.log('open');
};
source.onerror = ({ code }) => {
  console.log(`error ${code ?? 'none'} ${source.readyState}`);
};
source.onmessage = ({ data }) => {
  console.log(data);
  if (data === 'close') {
    source.close();
  } else if (data === 'throw') {
    throw new Error('of a listener');
  }
};
if (mode === 'on') {
  process.on('uncaughtException', ({ message }) => {
    console.log(`uncaught ${message}`);
  });
}
