import { type ChildSpec, GenServer, noreply, ok, trapExit } from '@reprise/actor';

interface Part {
  readonly name: string;
  /** Whether its `terminate` never ends. */
  readonly hangs: boolean;
}

/** A part of the service: it prints its start and its end, and crashes on request. */
const part = GenServer.define({
  init: (part: Part, self) => {
    trapExit(self, true);
    console.log(`started ${part.name}`);
    return ok(part);
  },
  handleCast: {
    crash: (_: undefined, { name }) => {
      throw new Error(`${name} crashed on purpose`);
    },
  },
  handleInfo: (_: unknown, part) => noreply(part),
  terminate: async (_reason, { name, hangs }) => {
    console.log(`stopping ${name}`);
    if (hangs) {
      await new Promise(() => {});
    }
  },
});

export type PartPid = GenServer.ServerOf<typeof part>;

export function childSpec(
  name: string,
  { hangs, shutdown }: { readonly hangs: boolean; readonly shutdown: number },
): ChildSpec<string, PartPid> {
  return GenServer.childSpec(part, { name, hangs }, { id: name, shutdown });
}

export function crash(part: PartPid): void {
  GenServer.cast(part, 'crash');
}
