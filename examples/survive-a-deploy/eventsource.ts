/** The usual program, with the most used client of npm. `node eventsource.ts URL` */
import { EventSource } from 'eventsource';

const [url = ''] = process.argv.slice(2);
const source = new EventSource(url);
source.onmessage = (event) => {
  console.log(event.data);
};
