import type { HttpApp } from '@vafa/platform';

/** Largest body of a callback or an unsubscription. */
const BODY_LIMIT_BYTES = 20_000;

/**
 * Lets the routes of this scope take what strangers send: forms of both kinds, and anything else as text that is not
 * looked at.
 */
export const acceptForms = (scope: HttpApp): void => {
  const options = { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES } as const;
  scope.addContentTypeParser('application/x-www-form-urlencoded', options, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  scope.addContentTypeParser('*', options, (_request, _body, done) => done(null, {}));
};

/** Query and body together, names in lower case, values as text. The body wins. */
export const lowerCaseFields = (query: unknown, body: unknown): Map<string, string> => {
  const found = new Map<string, string>();
  for (const source of [query, body]) {
    if (typeof source !== 'object' || source === null) continue;
    for (const [name, value] of Object.entries(source)) {
      if (typeof value === 'string' || typeof value === 'number') found.set(name.toLowerCase(), String(value));
    }
  }
  return found;
};
