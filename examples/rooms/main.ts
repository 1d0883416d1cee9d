/**
 * `node --conditions=@reprise/source examples/rooms/main.ts HOTEL NUMBER GUEST …`: lets guests into
 * rooms, and prints the guests of each room.
 */
import { createSystem, Supervisor } from '@reprise/actor';

import { enter, type Key, openIn, startHotels } from './rooms.ts';

const words = process.argv.slice(2);
if (words.length === 0 || words.length % 3 !== 0) {
  console.error('Expected HOTEL NUMBER GUEST, perhaps several times');
  process.exit(2);
}

const system = createSystem();
const hotels = await startHotels(system);
for (let at = 0; at < words.length; at += 3) {
  const [hotel = '', number = '', guest = ''] = words.slice(at, at + 3);
  const key: Key = [hotel, Number(number)];
  console.log(`${hotel} ${number}: ${(await enter(system, key, guest)).join(', ')}`);
}
for (const hotel of new Set(words.filter((_, at) => at % 3 === 0))) {
  console.log(`open in ${hotel}: ${openIn(system, hotel).join(', ')}`);
}
console.log(Supervisor.formatTree(Supervisor.tree(hotels)));
await system.stop();
