import { signal } from '@preact/signals';
import type { TreeRow } from '@reprise/observer/wire';
import { useEffect } from 'preact/hooks';

import { visible } from '../model/format.ts';
import { figuresVersion, hello, mirror, post, rates, treeVersion } from '../store.ts';

/** What was pressed once, and is asked for once more. */
const pressed = signal('');
/** Why the last action was not done. */
const problem = signal('');

/** For so long the second press is waited for, in ms. */
const confirmWithin = 10_000;

const words: Readonly<Record<string, string>> = {
  suspend: 'Suspend',
  resume: 'Resume',
  restart: 'Restart',
  stop: 'Stop',
};

/** The status of a process that is suspended, as the server tells it. */
const suspended = 4;

function isPossible(action: string, row: TreeRow): boolean {
  const parent = mirror.get(row.parent)?.supervises;
  const isSuspended = rates.get(row.row)?.status === suspended;
  switch (action) {
    case 'suspend':
      return row.pid !== undefined && row.type !== 'process' && !isSuspended;
    case 'resume':
      return isSuspended;
    case 'restart':
      return parent !== undefined && !parent.isDynamic;
    default:
      return row.pid !== undefined || row.state === 'restarting';
  }
}

async function press(action: string, row: TreeRow): Promise<void> {
  const name = `${action} ${row.row}`;
  problem.value = '';
  if (pressed.value !== name) {
    pressed.value = name;
    setTimeout(() => {
      pressed.value = pressed.value === name ? '' : pressed.value;
    }, confirmWithin);
    return;
  }
  pressed.value = '';
  problem.value = await post(`act/${action}`, { row: row.row });
}

/** What the server allows to be done to a process. Each press asks once more. */
export function Actions({ row }: { readonly row: TreeRow }) {
  void treeVersion.value;
  void figuresVersion.value;
  useEffect(() => {
    pressed.value = '';
    problem.value = '';
  }, [row.row]);
  const possible = (hello.value?.actions ?? []).filter((action) => isPossible(action, row));
  if (possible.length === 0 || row.parent === 0) {
    return null;
  }
  return (
    <div class="acts-row">
      {possible.map((action) => (
        <button
          key={action}
          type="button"
          class="btn"
          onClick={() => {
            void press(action, row);
          }}
        >
          {pressed.value === `${action} ${row.row}`
            ? `${words[action] ?? action} it: sure?`
            : (words[action] ?? action)}
        </button>
      ))}
      {problem.value !== '' && (
        <p class="warn" role="status">
          {visible(problem.value, 300)}
        </p>
      )}
    </div>
  );
}
