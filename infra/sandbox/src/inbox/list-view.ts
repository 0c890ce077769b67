import { html, type SafeHtml } from './html.ts';
import type { InboxFilter } from './inbox.ts';
import type { MessageView } from './message-view.ts';
import { statusPill } from './status-pill.ts';

const previewLimitCharacters = 160;

/** The address of the page with this filter and this message open. */
export const pageHref = (filter: InboxFilter, id?: number): string => {
  const query = new URLSearchParams();
  if (filter.channel) query.set('channel', filter.channel);
  if (filter.to) query.set('to', filter.to);
  if (filter.limit) query.set('limit', String(filter.limit));
  if (id !== undefined) query.set('id', String(id));
  const text = query.toString();
  return text === '' ? '/' : `/?${text}`;
};

const dayFormat = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const timeFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** The time of day for today's messages, day and time for older ones; in this machine's time zone. */
export const timeElement = (receivedAt: string, nowMs: number): SafeHtml => {
  const date = new Date(receivedAt);
  const isToday = date.toDateString() === new Date(nowMs).toDateString();
  const text = (isToday ? timeFormat : dayFormat).format(date);
  return html`<time datetime="${receivedAt}" title="${receivedAt}">${text}</time>`;
};

/** The sign of a channel. */
export const channelIcon = (channel: MessageView['channel']): SafeHtml =>
  channel === 'sms'
    ? html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M4 5h16v11H9.5L5 20v-4H4z"/><path d="M8 9h8M8 12h5"/></svg>`
    : html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M3 5.5h18v13H3z"/><path d="m3.5 6.5 8.5 6.5 8.5-6.5"/></svg>`;

const previewOf = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  const characters = [...line.slice(0, previewLimitCharacters * 2)];
  return characters.length > previewLimitCharacters ? `${characters.slice(0, previewLimitCharacters).join('')}…` : line;
};

const recipients = ({ to }: MessageView): SafeHtml => {
  const more = to.length > 1 ? html` <span class="more">+${to.length - 1}</span>` : undefined;
  return html`<span class="to"><bdi dir="ltr">${to[0] ?? ''}</bdi>${more}</span>`;
};

const row = (message: MessageView, filter: InboxFilter, openId: number | undefined, nowMs: number): SafeHtml => {
  const current = message.id === openId ? html` aria-current="true"` : undefined;
  const subject =
    message.subject === undefined
      ? undefined
      : html`<span class="subject" dir="auto">${message.subject || '(no subject)'}</span>`;
  const preview = previewOf(message.text);
  return html`<li><a class="row ${message.channel}" href="${pageHref(filter, message.id)}" data-id="${message.id}"${current}>
  <span class="badge" title="${message.channel === 'sms' ? 'SMS' : 'E-mail'}">${channelIcon(message.channel)}</span>
  <span class="head">${recipients(message)}${timeElement(message.receivedAt, nowMs)}</span>
  ${subject}
  <span class="preview" dir="auto">${preview || '(no text)'}</span>
  ${message.sms ? html`<span class="foot">${statusPill(message.sms.status)}</span>` : undefined}
</a></li>`;
};

const empty = (filter: InboxFilter): SafeHtml =>
  filter.to || filter.channel
    ? html`<p class="empty">Nothing here fits the filter. <a href="/">Show all</a></p>`
    : html`<p class="empty">No messages yet.<br>SMS and e-mails that Vafa sends appear here by themselves.</p>`;

/** The list, newest first. */
export const listView = (view: {
  messages: MessageView[];
  /** How many fit the filter, shown or not. */
  count: number;
  filter: InboxFilter;
  openId: number | undefined;
  nowMs: number;
}): SafeHtml => {
  const { messages, count, filter, openId, nowMs } = view;
  const older =
    count > messages.length
      ? html`<a class="older" href="${pageHref({ ...filter, limit: Math.min(messages.length + 200, 1_000) }, openId)}">Show more (${count - messages.length} older)</a>`
      : undefined;
  return html`<nav id="list" aria-label="Messages">
${messages.length === 0 ? empty(filter) : html`<ol>${messages.map((message) => row(message, filter, openId, nowMs))}</ol>`}
${messages.length < 1_000 ? older : undefined}
</nav>`;
};
