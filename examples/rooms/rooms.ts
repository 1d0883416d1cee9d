/**
 * The rooms of some hotels: each open room is a process, found by its key `[hotel, number]`. The
 * registry compares such a key by its elements: nothing has to be written into one text, and
 * nothing has to be parsed.
 */
import {
  DynamicSupervisor,
  ExitError,
  GenServer,
  name,
  ok,
  type Pid,
  type Process,
  Registry,
  reply,
  setLabel,
  Supervisor,
} from '@reprise/actor';

export type Key = readonly [hotel: string, number: number];

const room = GenServer.define({
  init: (key: Key, self) => {
    // Reports and trees show it next to the pid.
    setLabel(self, key);
    return ok<readonly string[]>([]);
  },
  handleCall: {
    enter: (guest: string, guests) => {
      if (guest === '') {
        throw new Error('a guest has a name');
      }
      const all = [...guests, guest];
      return reply(all, all);
    },
  },
});
type Room = GenServer.ServerOf<typeof room>;

const rooms = name<Registry.Unique<Key, undefined, Room>>('rooms');
const openRooms = name<DynamicSupervisor.Pid>('open rooms');

/** Starts the registry and the supervisor of the rooms, linked to `parent`. */
export function startHotels(parent: Process): Promise<Supervisor.Pid> {
  return Supervisor.startLink(parent, {
    // Rooms without their registry would not be found: they end with it.
    strategy: 'oneForAll',
    name: 'hotels',
    children: [
      Registry.childSpec({ id: 'rooms', keys: 'unique', name: rooms }),
      DynamicSupervisor.childSpec({ id: 'open rooms', name: openRooms }),
    ],
  });
}

/** Lets a guest into a room, which is opened if need be; resolves with all guests in it. */
export async function enter(self: Process, key: Key, guest: string): Promise<readonly string[]> {
  if (Registry.lookup(rooms.in(self), key).length === 0) {
    await open(self, key);
  }
  return GenServer.call(Registry.via(rooms.in(self), key), 'enter', guest);
}

async function open(self: Process, key: Key): Promise<void> {
  const via = Registry.via(rooms.in(self), key);
  const spec = GenServer.childSpec(room, key, { id: 'room', name: via });
  try {
    await DynamicSupervisor.startChild(openRooms.in(self), spec);
  } catch (error) {
    // Two guests came at once: the room is open, which is all that they want.
    if (!(error instanceof ExitError && error.reason.type === 'alreadyStarted')) {
      throw error;
    }
  }
}

/** The numbers of the open rooms of a hotel. */
export function openIn(self: Process, hotel: string): readonly number[] {
  return Registry.select(rooms.in(self), ({ key }) => key[0] === hotel).map(({ key }) => key[1]);
}

/** The process of a room; `undefined` unless it is open. */
export function roomAt(self: Process, key: Key): Pid | undefined {
  return Registry.lookup(rooms.in(self), key)[0]?.pid;
}
