/**
 * `node program.ts CONTENDER`: imports what it says, in a process that has imported nothing, and
 * prints what that took as JSON.
 */
export interface Reading {
  /** Of this process, in seconds. */
  readonly cpu: number;
}

const contenders: Readonly<Record<string, readonly string[]>> = {
  'got and xstate': ['got', 'xstate'],
  reprise: ['@reprise/sse'],
};

const [name = ''] = process.argv.slice(2);
const before = process.cpuUsage();
for (const module of contenders[name] ?? []) {
  await import(module);
}
const { user, system } = process.cpuUsage(before);
const reading: Reading = { cpu: (user + system) / 1e6 };
console.log(JSON.stringify(reading));
