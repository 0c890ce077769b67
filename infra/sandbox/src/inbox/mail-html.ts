/** What an e-mail's HTML may do in its frame: styles and embedded pictures; no scripts, no network, no forms. */
export const mailContentPolicy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  'font-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  'sandbox allow-popups allow-popups-to-escape-sandbox',
].join('; ');

/** Lets links open in a new tab: inside the frame they would have nowhere to go. */
const openOutside = '<base target="_blank">';

/** The e-mail's own HTML, unchanged but for where its links open. */
export const framedMail = (source: string): string => {
  const head = /<head(?:\s[^>]*)?>/i.exec(source);
  if (head === null) return openOutside + source;
  const end = head.index + head[0].length;
  return source.slice(0, end) + openOutside + source.slice(end);
};
