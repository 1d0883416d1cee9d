import type { Mutant, Replacement } from '@reprise/simulation';

const core = 'cluster/src/core/node-core.ts';
const lease = 'cluster/src/core/lease.ts';
const watch = 'cluster/src/core/watch.ts';
const times = 'cluster/src/core/times.ts';
const holdings = 'cluster/src/core/holdings.ts';
const agenda = 'cluster/src/core/agenda.ts';
const lives = 'cluster/src/core/lives.ts';
const streams = 'cluster/src/core/streams.ts';
const suspects = 'cluster/src/core/suspects.ts';
const parking = 'cluster/src/core/parking.ts';
const burial = 'cluster/src/core/burial.ts';
const tables = 'cluster/src/memory/tables.ts';

const noDeadline: Replacement = {
  file: lease,
  from: 'return deadline !== undefined && now < deadline.now && date < deadline.date;',
  to: 'return deadline !== undefined;',
};
const noMargin: Replacement = { file: times, from: 'margin: ttl / 10,', to: 'margin: 0,' };
const timerOnly: Replacement = {
  file: core,
  from: 'if (this.#hasLease && !this.lease.isGood(now)) {',
  to: "if (this.#hasLease && event.type === 'tick' && now.now >= this.lease.deadline.now) {",
};
const noValue: Replacement = {
  file: tables,
  from: 'record?.buriedAt === undefined && record?.row.renewal === renewal',
  to: 'record?.buriedAt === undefined && record !== undefined',
};
const nextEpoch = 'const next = Math.max(epoch + 1, Math.floor(this.#date()));';
const nextOnly: Replacement = { file: tables, from: nextEpoch, to: 'const next = epoch + 1;' };
const isOwner = 'return row?.owner === id && row.epoch === epoch;';
const noEpoch: Replacement = { file: tables, from: isOwner, to: 'return row?.owner === id;' };
const noOwner: Replacement = { file: tables, from: isOwner, to: 'return row?.epoch === epoch;' };
const noCursor: Replacement = {
  file: tables,
  from: 'this.#owners.get(move.key)?.cursor !== move.was',
  to: 'false',
};
const expired: Replacement = {
  file: tables,
  from: 'owner === undefined ? date : this.#nodes.get(owner)?.buriedAt;',
  to: `owner === undefined ? date : (({ buriedAt, renewedAt, row }) =>
        buriedAt ?? (date - renewedAt > row.ttl ? date : undefined))(this.#nodes.get(owner));`,
};

/** With it alone two nodes own a stream at once. */
export const noDeadlineAtAll: Mutant = { ...noDeadline, within: 100 };

/** Each breaks one rule, or two that guard the same. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'no deadline at all': noDeadlineAtAll,
  'a living owner is robbed': {
    file: tables,
    from: 'if (buriedAt !== undefined && isDue(row, date)) {',
    to: 'if (isDue(row, date)) {',
    within: 100,
  },
  'the deadline is looked at by its timer only': { ...timerOnly, and: [noDeadline], within: 400 },
  'the deadline counts from the answer': {
    file: core,
    from: 'this.#renewed(event.isGood, event.sentAt, now);',
    to: 'this.#renewed(event.isGood, now, now);',
    within: 100,
  },
  'no margin': { ...noMargin, within: 100 },
  'the watch counts from the request, and no margin': {
    file: watch,
    from: 'const wait = Math.max(ttl, this.#times.ttl) +',
    to: 'const wait = Math.max(ttl, this.#times.ttl) - this.#times.ttl / 16 +',
    and: [noMargin],
    within: 100,
  },
  'leases end by the clock of the server': { ...expired, within: 2000 },
  'leases end by the wall clock of each node': {
    file: core,
    from: 'step(event: NodeEvent, now: Now): readonly NodeAction[] {',
    to: 'step(event, { date }) {\n    const now = { now: date, date };',
    and: [
      {
        file: lease,
        from: 'now < deadline.now && date < deadline.date;',
        to: 'date < deadline.date;',
      },
    ],
    within: 1000,
  },
  'a burial does not look at the value': { ...noValue, within: 100 },
  'a claim does not look at the epoch': {
    file: tables,
    from: 'if (row === undefined || row.epoch !== epoch) {',
    to: 'if (row === undefined) {',
    within: 1000,
  },
  'a release does not look at the epoch': {
    file: tables,
    from: 'rows.filter((row) => this.#isOwner(id, row));',
    to: 'rows.filter((row) => row.outcome !== undefined || this.#isOwner(id, row));',
    within: 2000,
  },
  'a claim keeps the epoch': {
    file: tables,
    from: nextEpoch,
    to: 'const next = epoch;',
    within: 100,
  },
  'an epoch is the next one, whatever the time': { ...nextOnly, within: 400 },
  'a fence looks at neither epoch nor cursor': { ...noEpoch, and: [noCursor], within: 100 },
  'a fence does not look at the cursor before': { ...noCursor, within: 100 },
  'a lock of a session in place of the lease': {
    file: watch,
    from: 'const wait = Math.max(ttl, this.#times.ttl) +',
    to: 'const wait = ttl / 4 +',
    and: [noDeadline],
    within: 100,
  },
  'a claim whose answer was lost is forgotten': {
    file: holdings,
    from: 'this.claimAgain(stream, now);\n    }\n    return toStop;',
    to: '}\n    return toStop;',
    within: 100,
  },
  'views overtake claims': {
    file: agenda,
    from: "case 'observe':\n        return this.#isBusy;",
    to: "case 'observe':\n        return false;",
    within: 2000,
  },
  'two processes have one id': {
    file: lives,
    from: 'this.#id = newId();',
    to: "this.#id = 'one';",
    within: 100,
  },
  'another join is due in a life that has begun': {
    file: agenda,
    from: 'this.#due.join = Infinity;',
    to: '',
    within: 2000,
  },
  'a node that drains goes on claiming': {
    file: streams,
    from: 'if (this.#drain === undefined) {\n      this.#place(',
    to: 'if (true) {\n      this.#place(',
    within: 400,
  },
  'a stream is claimed in vain again and again': {
    file: holdings,
    from: 'this.claimAgain(stream, Infinity);',
    to: '',
    within: 4000,
  },
  'a fence looks at no owner, and epochs have no time': {
    ...noOwner,
    and: [nextOnly],
    within: 100,
  },
  'a refused renewal is ignored, and no deadline': {
    file: core,
    from: '    if (isGood) {',
    to: '    if (true) {',
    and: [noDeadline],
    within: 100,
  },
  'losses in a view are ignored, and leases end by the clock of the server': {
    file: holdings,
    from: 'const lost = this.all.filter(({ key, epoch }) => epochs.get(key) !== epoch);',
    to: 'const lost = [];',
    and: [expired],
    within: 1000,
  },
  'the buried claim, and the deadline is looked at by its timer only': {
    file: tables,
    from: 'return this.#isLiving(id) ?',
    to: 'return true ?',
    and: [timerOnly, noDeadline],
    within: 400,
  },
  'a late answer revives a lease, and a burial does not look at the value': {
    file: core,
    from: 'if (this.#hasLease && !this.lease.isGood(now)) {',
    to: "if (this.#hasLease && event.type !== 'renewed' && !this.lease.isGood(now)) {",
    and: [noValue],
    within: 100,
  },
  // Lists
  'a stream that has left the list runs on': {
    file: streams,
    from: '(key) => !this.#listed.has(key)',
    to: '() => false',
    within: 400,
  },
  'a node takes streams that it does not list': {
    file: streams,
    from: 'return this.#listed.has(key) && ',
    to: 'return ',
    within: 2000,
  },
  'a stream with other data runs on as it was': {
    file: streams,
    from: 'this.#stop(changed, undefined);',
    to: '',
    within: 2000,
  },
  'a stream that leaves the list loses its cursor': {
    file: tables,
    from: 'cursor: cursor ?? row.cursor,',
    to: "cursor: outcome === 'removed' ? '' : (cursor ?? row.cursor),",
    within: 1000,
  },
  'a stream that left the list as it was claimed has a strike': {
    file: streams,
    from: "['drained', 'removed']",
    to: "['drained']",
    within: 4000,
  },
  'a node that drains claims what was to start anew': {
    file: streams,
    from: 'if (this.isDraining) {',
    to: 'if (false) {',
    within: 8000,
  },
  // Strikes
  'a death is no strike': {
    file: tables,
    from: 'return this.#isBuried(owner) ? 1 : 0;',
    to: 'return 0;',
    within: 100,
  },
  'a stream is never parked': {
    file: parking,
    from: 'return strikes >= this.#most;',
    to: 'return false;',
    within: 100,
  },
  'all suspects are tried at once': {
    file: suspects,
    from: 'return few.length > 0 ? few.slice(0, this.#batch) : due.slice(0, 1);',
    to: 'return due;',
    within: 400,
  },
  'strikes are cleared before a stream is well': {
    file: suspects,
    from: ': Math.max(startedAt, firstHandledAt) + trial;',
    to: ': startedAt;',
    within: 400,
  },
  'strikes are cleared before a stream has handled an event': {
    file: suspects,
    from: '? startedAt + quietTrial',
    to: '? startedAt + trial',
    within: 400,
  },
  'strikes are never cleared': {
    file: suspects,
    from: '.filter(({ key }) => this.isWell(key, now))',
    to: '.filter(() => false)',
    within: 100,
  },
  'strikes go when the data changes': {
    file: tables,
    from: '{ ...row, spec, parking: undefined }',
    to: '{ ...row, spec, strikes: 0, parking: undefined }',
    within: 100,
  },
  // Workers
  'a parent knows a dead worker by its number alone': {
    file: burial,
    from: 'node.host === host && node.pid === pid',
    to: 'node.pid === pid',
    within: 400,
  },
  'a parent does not look whether a burial was one': {
    file: burial,
    from: '} while (dead.length > 0);',
    to: '  yield dead;\n    return;\n  } while (dead.length > 0);',
    within: 8000,
  },
};
