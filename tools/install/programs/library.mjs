// A library has the client among its own dependencies; the program supervises it.
import { createSystem, ExitError, Supervisor } from '@reprise/actor';
import { client, noSuchProcess } from '@reprise/library';

const handled = Promise.withResolvers();
const { spec, close } = await client((event) => handled.resolve(event.data));
const system = createSystem();
await Supervisor.startLink(system, { strategy: 'oneForOne', children: [spec] });
console.log(await handled.promise, noSuchProcess() instanceof ExitError);
await system.stop();
close();
