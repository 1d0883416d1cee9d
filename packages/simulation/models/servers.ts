import { defineModel } from '@reprise/simulation';

import { play } from './support/play.ts';
import { Scene } from './support/servers/scene.ts';

/**
 * Servers that are called in every way and end in every way. Each call settles once, by its own
 * first answer, its timeout or the end of its server; no answer that is given in time is lost;
 * the messages of each sender come in order.
 */
export default defineModel({
  name: 'servers',
  program: (sim) => play(sim, (driver) => new Scene(sim, driver)),
  options: { faults: { stall: true, pause: true, clock: true } },
  mutants: {
    'a reply goes to the next caller': {
      file: 'actor/src/server/server-process.ts',
      from: 'this.#callFor(next).answer(next.value);',
      to: `const waiting = this.mailbox.length > 0 ? this.mailbox.at(0) : undefined;
        (waiting instanceof CallMessage ? waiting : this.#callFor(next)).answer(next.value);`,
      within: 100,
    },
    'a server rests after an async callback though messages wait': {
      file: 'actor/src/server/server-process.ts',
      from: 'this.#apply(value);\n        return this.#goesOn();',
      to: 'this.#apply(value);\n        return false;',
      within: 100,
    },
    'the last reply is given after the end': {
      file: 'actor/src/server/lifecycle.ts',
      from: 'this.#pendingReply?.call.answer(this.#pendingReply.value);\n    this.end(reason);',
      to: `const pending = this.#pendingReply;
        this.end(reason);
        pending?.call.answer(pending.value);`,
      within: 100,
    },
    'a message comes before a continue': {
      file: 'actor/src/server/server-process.ts',
      from: 'if (this.#continue !== undefined) {\n      const',
      to: 'if (this.#continue !== undefined && this.mailbox.length === 0) {\n      const',
      within: 100,
    },
    'a response that was taken is told of, too': {
      file: 'actor/src/process/pending-result.ts',
      from: 'this.owner?.flush((message) => this.isNotice(message));',
      to: '',
      within: 300,
    },
    'a second answer replaces the first': {
      file: 'actor/src/server/question.ts',
      from: 'this.#isOpen = false;',
      to: '',
      within: 300,
    },
    'one call alone learns of the end of its server': {
      file: 'actor/src/process/target.ts',
      from: 'this.removeRequest(request);\n      request.fail(reason);',
      to: 'this.#requests = undefined;\n      request.fail(reason);',
      within: 300,
    },
    'a server that hibernates loses the messages that wait': {
      file: 'actor/src/server/server-process.ts',
      from: 'alone(action).hibernate && this.mailbox.length === 0',
      to: 'alone(action).hibernate',
      within: 300,
    },
    'a cast overtakes a call': {
      file: 'actor/src/server/server-process.ts',
      from: 'const message = this.mailbox.shift();',
      to: `const hasTwo = this.mailbox.length > 1 && this.mailbox.at(1) instanceof CastMessage;
        const message = hasTwo ? this.mailbox.removeAt(1) : this.mailbox.shift();`,
      within: 300,
    },
    'a suspended server takes messages': {
      file: 'actor/src/server/server-process.ts',
      from: 'if (this.#isOrder(this.mailbox.at(at))) {',
      to: 'if (true) {',
      within: 300,
    },
    'a full mailbox drops calls without a word': {
      file: 'actor/src/process/cell.ts',
      from: 'dropped.fail(mailboxOverflow(capacity));',
      to: '',
      within: 300,
    },
    'a call is not answered if its timeout is about to pass': {
      file: 'actor/src/server/question.ts',
      from: 'if (timeout === 0) {',
      to: 'if (timeout <= 5) {',
      within: 300,
    },
  },
});
