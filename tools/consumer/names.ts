// The names of classes and functions, as error messages and debuggers show them.
import { deepEqual, equal } from 'node:assert/strict';

import * as actor from '@reprise/actor';
import * as actorTesting from '@reprise/actor/testing';
import * as sse from '@reprise/sse';
import { ErrorEvent, EventSource } from '@reprise/sse/eventsource';
import * as sseTesting from '@reprise/sse/testing';

/** These words are reserved: a function cannot be declared by them. */
const reserved = ['Task.async', 'Task.await', 'Task.yield'];

function renamed(path: string, value: unknown): readonly string[] {
  if (typeof value === 'function') {
    // A function that another one has made has no name.
    const names = [path.split('.').at(-1), ''];
    return names.includes(value.name) || reserved.includes(path)
      ? []
      : [`${path} is ${value.name}`];
  }
  const isNamespace = Object.prototype.toString.call(value) === '[object Module]';
  return isNamespace || path === ''
    ? Object.entries(value as object).flatMap(([name, member]) =>
        renamed(path === '' ? name : `${path}.${name}`, member),
      )
    : [];
}

deepEqual(
  [actor, actorTesting, sse, sseTesting, { ErrorEvent, EventSource }].flatMap((module) =>
    renamed('', module),
  ),
  [],
);

const source = new EventSource('http://127.0.0.1:9/');
source.close();
equal(source.constructor.name, 'EventSource');
equal(Object.prototype.toString.call(source), '[object EventSource]');

const exitError = new actor.ExitError(actor.normal, 'a test');
equal(exitError.name, 'ExitError');
equal(exitError.constructor.name, 'ExitError');
equal(sse.GaveUpError.name, 'GaveUpError');
