/**
 * `node server.ts STREAMS`: prints its port. It writes one event per second on each stream, evenly
 * spread. The data is the time of the write, in ns of the machine's monotonic clock.
 */
import { serveEvenly } from '../streams/even-server.ts';

const streams = Number(process.argv[2]);
serveEvenly(streams, streams, () => `data: ${process.hrtime.bigint()}\n\n`);
