/**
 * `node server.ts STREAMS EVENTS`: prints its port. Once all streams are open, it writes EVENTS
 * events a second, evenly spread over them, each in a packet of its own.
 */
import { serveEvenly } from '../streams/even-server.ts';

const [streams = 0, events = 0] = process.argv.slice(2).map(Number);
const data = JSON.stringify({ price: 101.25, note: 'x'.repeat(150) });
serveEvenly(streams, events, (number) => `id: ${number}\ndata: ${data}\n\n`);
