import type { ProcessPage } from '@reprise/observer/wire';

import type { TopView } from './options.ts';

/** In which order processes stand. */
export type Order = 'tree' | 'queue' | 'messages' | 'busy' | 'restarts';

export const orders: readonly Order[] = ['tree', 'queue', 'messages', 'busy', 'restarts'];

/** The choices of the person. */
export interface View {
  readonly view: TopView;
  /** The row that is selected. */
  readonly selected: number;
  /** The first line of the list that is shown. */
  readonly top: number;
  readonly order: Order;
  readonly filter: string;
  /** Whether keys are letters of the filter. */
  readonly isTyping: boolean;
  /** The processes that were folded and opened by keys. */
  readonly folds: ReadonlyMap<number, boolean>;
  readonly isPaused: boolean;
  /** The process whose page is open. */
  readonly page: ProcessPage | undefined;
}

export const firstView: View = {
  view: 'processes',
  selected: 0,
  top: 0,
  order: 'tree',
  filter: '',
  isTyping: false,
  folds: new Map(),
  isPaused: false,
  page: undefined,
};
