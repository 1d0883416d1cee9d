import { firstShown, isSelected } from './frame.ts';
import { type Line, linesOf } from './list.ts';
import type { Model } from './model.ts';
import { orders, type View } from './view.ts';

/** A key as `node:readline` tells of it. */
export interface Key {
  readonly name?: string | undefined;
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean | undefined;
}

/** The request of a key. */
export type Command =
  | { readonly type: 'view'; readonly view: View }
  /** The page of the process in this row. */
  | { readonly type: 'open'; readonly row: number }
  | { readonly type: 'quit' | 'suspend' };

/** `count`: how many lines of the list are shown. */
export function press(key: Key, model: Model, view: View, count: number): Command {
  if (key.ctrl === true) {
    return controlled(key, view);
  }
  if (view.isTyping) {
    return { type: 'view', view: typed(key, view) };
  }
  return commanded(key, model, view, count);
}

function controlled({ name }: Key, view: View): Command {
  switch (name) {
    case 'c':
      return { type: 'quit' };
    case 'z':
      return { type: 'suspend' };
    default:
      return { type: 'view', view };
  }
}

function typed({ name, sequence = '' }: Key, view: View): View {
  switch (name) {
    case 'return':
    case 'enter':
      return { ...view, isTyping: false };
    case 'escape':
      return { ...view, isTyping: false, filter: '' };
    case 'backspace':
      return { ...view, filter: view.filter.slice(0, -1) };
    default:
      return /^[^\p{Cc}]+$/u.test(sequence) ? { ...view, filter: view.filter + sequence } : view;
  }
}

function commanded(key: Key, model: Model, view: View, count: number): Command {
  if (key.name === 'q') {
    return { type: 'quit' };
  }
  if (key.name === 'return' || key.name === 'enter') {
    const isOpen = view.view !== 'processes' || view.selected === 0;
    return isOpen ? { type: 'view', view } : { type: 'open', row: view.selected };
  }
  return { type: 'view', view: changed(key, model, view, count) };
}

function changed({ name, sequence }: Key, model: Model, view: View, count: number): View {
  switch (name ?? sequence) {
    case 'up':
      return moved(model, view, -1, count);
    case 'down':
      return moved(model, view, 1, count);
    case 'pageup':
      return moved(model, view, -count, count);
    case 'pagedown':
      return moved(model, view, count, count);
    case 'left':
      return folded(model, view, false);
    case 'right':
      return folded(model, view, true);
    case 's':
      return { ...view, order: orders[(orders.indexOf(view.order) + 1) % orders.length] ?? 'tree' };
    case 't':
      return toView(view, 'streams');
    case 'c':
      return toView(view, 'crashes');
    case 'p':
      return { ...view, isPaused: !view.isPaused };
    case 'escape':
      return { ...view, view: 'processes', page: undefined, filter: '', top: 0 };
    default:
      return sequence === '/' ? { ...view, isTyping: true, page: undefined } : view;
  }
}

/** The same key leads there and back. */
function toView(view: View, wanted: View['view']): View {
  const isThere = view.view === wanted && view.page === undefined;
  return { ...view, view: isThere ? 'processes' : wanted, page: undefined, top: 0 };
}

/** Also scrolls: a list in which nothing is selected moves by a line. */
function moved(model: Model, view: View, by: number, count: number): View {
  if (view.view !== 'processes' || view.page !== undefined) {
    return { ...view, top: Math.max(0, view.top + by) };
  }
  const lines = linesOf(model, view);
  const rows = lines.flatMap((line) => (line.type === 'row' ? [line.row.row] : []));
  const at = rows.indexOf(view.selected);
  const next = Math.min(Math.max(at === -1 ? 0 : at + by, 0), rows.length - 1);
  const selected = rows[next] ?? 0;
  const place = lines.findIndex((line) => isSelected(line, { ...view, selected }));
  return { ...view, selected, top: firstShown(view.top, place, count, lines.length) };
}

/** ← folds a branch, or goes up from one that is folded; → opens it. */
function folded(model: Model, view: View, isOpen: boolean): View {
  const lines: readonly Line[] = linesOf(model, view);
  const line = lines.find((one) => isSelected(one, view));
  if (line?.type !== 'row') {
    return view;
  }
  if (!isOpen && line.isOpen !== true) {
    const { parent } = line.row;
    return model.get(parent) === undefined ? view : { ...view, selected: parent };
  }
  return { ...view, folds: new Map(view.folds).set(line.row.row, isOpen) };
}
