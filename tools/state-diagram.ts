// Draws an xstate machine as a mermaid state diagram, from the machine's config alone.

/** The part of a machine's config that the diagram shows. */
export interface MachineConfig {
  readonly initial?: unknown;
  readonly states?: Readonly<Record<string, StateConfig>> | undefined;
}

interface StateConfig {
  readonly entry?: unknown;
  readonly on?: unknown;
}

interface TransitionConfig {
  readonly target?: string;
  readonly guard?: unknown;
  readonly actions?: unknown;
}

interface Transition {
  readonly target: string | undefined;
  /** `event [guard] / actions`, as in UML. */
  readonly label: string;
}

/**
 * Transitions that stay in a state are listed in it. Several transitions between the same two
 * states share an arrow: mermaid would draw one on top of the other.
 */
export function stateDiagram({ initial, states = {} }: MachineConfig): string {
  return [
    'stateDiagram-v2',
    `  [*] --> ${String(initial)}`,
    ...Object.entries(states).flatMap(([name, state]) => linesOf(name, state)),
  ].join('\n');
}

function linesOf(name: string, { entry, on }: StateConfig): readonly string[] {
  const transitions = Object.entries(on ?? {}).flatMap(([event, given]) => ofEvent(event, given));
  const byTarget = Map.groupBy(transitions, ({ target }) => target);
  const inside = byTarget.get(undefined)?.map(({ label }) => label) ?? [];
  byTarget.delete(undefined);
  return [
    `  ${name} : ${name}`,
    ...[...labelsOf('entry', entry), ...inside].map((label) => `  ${name} : ${label}`),
    ...[...byTarget].map(
      ([target, some]) =>
        `  ${name} --> ${target} : ${some.map(({ label }) => label).join('<br/>')}`,
    ),
  ];
}

function ofEvent(event: string, given: unknown): readonly Transition[] {
  return listOf(given as TransitionConfig | readonly TransitionConfig[]).map(
    ({ target, guard, actions }, index) => {
      const condition = guard === undefined && index > 0 ? 'otherwise' : namesOf(guard);
      const trigger = condition === '' ? event : `${event} [${condition}]`;
      return { target, label: labelsOf(trigger, actions)[0] ?? trigger };
    },
  );
}

function labelsOf(trigger: string, actions: unknown): readonly string[] {
  const names = namesOf(actions);
  return names === '' ? [] : [`${trigger} / ${names}`];
}

/** The names in a config value of xstate: a name, a `{ type }`, or a list of both. */
function namesOf(given: unknown): string {
  return listOf(given as string | { readonly type: string } | undefined)
    .map((one) => (typeof one === 'string' ? one : one?.type))
    .filter((name) => name !== undefined)
    .join(', ');
}

function listOf<Item>(given: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(given) ? (given as readonly Item[]) : [given as Item];
}
