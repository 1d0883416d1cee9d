const key = 'reprise-token';

/**
 * The token of the address, which is taken out of it at once: it stays in no history. Other ports
 * of the machine do not see the storage of a session, as they would see a cookie.
 */
export function takeToken(): string {
  const fragment = location.hash.slice(1);
  if (/^[\w.~+/=-]{22,}$/.test(fragment)) {
    sessionStorage.setItem(key, fragment);
    history.replaceState(null, '', `${location.pathname}${location.search}#overview`);
  }
  return sessionStorage.getItem(key) ?? '';
}

export function keepToken(token: string): void {
  sessionStorage.setItem(key, token.replace(/^.*#/, ''));
}
