import type { Family } from './metric.ts';

const gauge = (name: string, unit: string, help: string): Family => ({
  name,
  type: 'gauge',
  unit,
  help,
});

const counter = (name: string, unit: string, help: string): Family => ({
  name,
  type: 'counter',
  unit,
  help,
});

type FamilyName =
  | 'processes'
  | 'messages'
  | 'longest'
  | 'exits'
  | 'restarts'
  | 'gaveUps'
  | 'processMessages'
  | 'busy'
  | 'dropped'
  | 'streams'
  | 'events'
  | 'bytes'
  | 'connects'
  | 'silence'
  | 'age'
  | 'unwritten'
  | 'lag'
  | 'duration';

/** All metrics. The event loop and the heap are those of the instrumentation of the runtime. */
export const families: Readonly<Record<FamilyName, Family>> = {
  processes: gauge('reprise.processes', '{process}', 'Processes that run'),
  messages: gauge('reprise.mailbox.messages', '{message}', 'Messages that wait in all mailboxes'),
  longest: gauge('reprise.mailbox.longest', '{message}', 'Messages in the longest mailbox'),
  exits: counter('reprise.process.exits', '{process}', 'Processes that have ended'),
  restarts: counter(
    'reprise.supervisor.restarts',
    '{restart}',
    'Restarts that count against maxRestarts',
  ),
  gaveUps: counter('reprise.supervisor.gave_ups', '{supervisor}', 'Supervisors that gave up'),
  processMessages: counter('reprise.process.messages', '{message}', 'Messages that were taken'),
  busy: counter('reprise.process.busy', 's', 'Time for which turns have held the thread'),
  dropped: counter(
    'reprise.mailbox.dropped',
    '{message}',
    'Messages that a full mailbox has dropped or refused',
  ),
  streams: gauge('reprise.sse.streams', '{stream}', 'Streams by their state'),
  events: counter('messaging.client.consumed.messages', '{message}', 'Events that were handled'),
  bytes: counter('reprise.sse.bytes', 'By', 'Bytes of the bodies, decompressed'),
  connects: counter(
    'reprise.sse.connects',
    '{attempt}',
    'Attempts to connect; those that failed have an error type',
  ),
  silence: gauge('reprise.sse.silence', 's', 'Time since the last byte, while connected'),
  age: gauge('reprise.sse.connection.age', 's', 'Age of the connection'),
  unwritten: gauge(
    'reprise.sse.cursor.unwritten',
    '{move}',
    'Moves of the cursor that its store does not have',
  ),
  lag: gauge('reprise.sse.lag', 's', 'Age of the last event when it was handled'),
  duration: {
    name: 'messaging.process.duration',
    type: 'histogram',
    unit: 's',
    help: 'Time that the handler of an event took',
  },
};
