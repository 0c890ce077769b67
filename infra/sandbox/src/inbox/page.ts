import { detailView } from './detail-view.ts';
import { html, type SafeHtml } from './html.ts';
import type { Channel, InboxFilter } from './inbox.ts';
import { listView, pageHref } from './list-view.ts';
import type { MessageView } from './message-view.ts';

const tab = (label: string, channel: Channel | undefined, filter: InboxFilter, count: number): SafeHtml => {
  const current = filter.channel === channel ? html` aria-current="page"` : undefined;
  return html`<a href="${pageHref({ channel, to: filter.to })}"${current}>${label} <span class="count">${count}</span></a>`;
};

const bar = (filter: InboxFilter, counts: { all: number; sms: number; email: number }): SafeHtml => html`
<header>
  <h1><a href="/"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 20.5 3.8 12a5.2 5.2 0 0 1 7.4-7.3l.8.8.8-.8a5.2 5.2 0 0 1 7.4 7.3z"/></svg>Vafa inbox</a></h1>
  <nav id="tabs" aria-label="Channel">${tab('All', undefined, filter, counts.all)}${tab('SMS', 'sms', filter, counts.sms)}${tab('E-mail', 'email', filter, counts.email)}</nav>
  <form action="/" role="search">
    ${filter.channel ? html`<input type="hidden" name="channel" value="${filter.channel}">` : undefined}
    <input type="search" name="to" value="${filter.to ?? ''}" placeholder="Phone or e-mail address" aria-label="Recipient" maxlength="320" autocomplete="off">
  </form>
  <p id="live" role="status">Sandbox: nothing leaves this machine</p>
</header>`;

/** The inbox page: bar, list, and the open message. It works without its script too, only not by itself. */
export const inboxPage = (view: {
  messages: MessageView[];
  counts: { all: number; sms: number; email: number };
  filter: InboxFilter;
  open: MessageView | undefined;
  openId: number | undefined;
  nowMs: number;
}): string => {
  const { messages, counts, filter, open, openId, nowMs } = view;
  const count = counts[filter.channel ?? 'all'];
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${counts.all === 0 ? 'Vafa inbox' : `(${counts.all}) Vafa inbox`}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/inbox.css">
<script src="/inbox.js" defer></script>
</head>
<body>
${bar(filter, counts)}
<div class="panes">
${listView({ messages, count, filter, openId, nowMs })}
${detailView({ message: open, openId, filter, nowMs })}
</div>
</body>
</html>
`;
  return page.toString();
};
