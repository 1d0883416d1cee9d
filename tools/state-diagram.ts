// An xstate machine as a picture: the text of a mermaid state diagram, made of nothing but the machine's own config.

/** As much of a machine's config as the picture shows. */
export interface MachineConfig {
  readonly initial?: unknown;
  readonly states?: Readonly<Record<string, StateConfig>> | undefined;
}

interface StateConfig {
  readonly entry?: unknown;
  readonly on?: unknown;
}

interface Transition {
  readonly target?: string;
  readonly guard?: unknown;
  readonly actions?: unknown;
}

/** `event [guard] / actions` on every arrow; actions that a state begins with stand in it. */
export function stateDiagram({ initial, states = {} }: MachineConfig): string {
  return [
    'stateDiagram-v2',
    `  [*] --> ${String(initial)}`,
    ...Object.entries(states).flatMap(([name, state]) => [
      ...descriptionOf(name, state),
      ...Object.entries(state.on ?? {}).flatMap(([event, given]) => arrows(name, event, given)),
    ]),
  ].join('\n');
}

function descriptionOf(name: string, { entry }: StateConfig): readonly string[] {
  const actions = namesOf(entry);
  return actions === '' ? [] : [`  ${name} : ${name}, entry / ${actions}`];
}

function arrows(from: string, event: string, given: unknown): readonly string[] {
  return listOf(given as Transition | readonly Transition[]).map(
    ({ target = from, guard, actions }, index) => {
      const condition = guard === undefined && index > 0 ? 'otherwise' : namesOf(guard);
      const effects = namesOf(actions);
      const label = [
        event,
        ...(condition === '' ? [] : [`[${condition}]`]),
        ...(effects === '' ? [] : [`/ ${effects}`]),
      ];
      return `  ${from} --> ${target} : ${label.join(' ')}`;
    },
  );
}

/** What xstate takes as a name, a `{ type }`, or a list of them. */
function namesOf(given: unknown): string {
  return listOf(given as string | { readonly type: string } | undefined)
    .map((one) => (typeof one === 'string' ? one : one?.type))
    .filter((name) => name !== undefined)
    .join(', ');
}

function listOf<Item>(given: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(given) ? (given as readonly Item[]) : [given as Item];
}
