/** The part of a request's target that is below `mount`, which has no slash at its end. */
export type Location =
  | { readonly type: 'below'; readonly path: string; readonly query: URLSearchParams }
  /** The target is the mount itself, where relative links would lead astray. */
  | { readonly type: 'redirect'; readonly to: string }
  | { readonly type: 'none' };

/**
 * Paths of the observer hold no other characters: all that would have to be decoded or resolved
 * (`%2e`, `..`, `//host`) is unknown. Each part ends with a slash or the path: were the slash
 * optional, a text could be cut into parts in many ways, and all of them would be tried.
 */
const known = /^\/(?:[\w-][\w.-]*(?:\/|$))*$/;
const longest = 1000;

export function locate(target: string, mount: string): Location {
  const [, full = '', search = ''] = /^([^?]*)\??(.*)$/s.exec(pathOf(target)) ?? [];
  if (full.length > longest) {
    return { type: 'none' };
  }
  if (full === mount && mount !== '') {
    return { type: 'redirect', to: `./${mount.slice(mount.lastIndexOf('/') + 1)}/` };
  }
  const path = full.startsWith(`${mount}/`) ? full.slice(mount.length) : '';
  return known.test(path)
    ? { type: 'below', path, query: new URLSearchParams(search) }
    : { type: 'none' };
}

/**
 * A target in absolute form names a host, too: only the header `Host` counts. The URL of a
 * `Request` has a fragment, too.
 */
function pathOf(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/#.*$/s, '');
}
