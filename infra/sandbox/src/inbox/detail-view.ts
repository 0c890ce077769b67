import { html, type SafeHtml } from './html.ts';
import type { InboxFilter } from './inbox.ts';
import { pageHref, timeElement } from './list-view.ts';
import type { MessageView } from './message-view.ts';
import { statusPill } from './status-pill.ts';

const urlPattern = /(https?:\/\/[^\s<>"'،؛]*[^\s<>"'،؛.,;:!?)\]])/;

/** Makes web addresses in a text clickable; only http and https, so a `javascript:` address stays text. */
const withLinks = (text: string): SafeHtml[] =>
  text.split(urlPattern).map((part, index) =>
    // split() with one group puts what matched at the odd places
    index % 2 === 1
      ? html`<a href="${part}" target="_blank" rel="noopener noreferrer" dir="ltr">${part}</a>`
      : html`${part}`,
  );

const fact = (name: string, value: string | undefined): SafeHtml =>
  value ? html`<dt>${name}</dt><dd><bdi>${value}</bdi></dd>` : html``;

const amountFormat = new Intl.NumberFormat('en');

const smsBody = (message: MessageView, sms: NonNullable<MessageView['sms']>, nowMs: number): SafeHtml => html`
<div class="phone">
  <p class="sender">SMS from <bdi dir="ltr">${message.from}</bdi></p>
  <div class="bubble" dir="auto">${withLinks(message.text)}</div>
  <p class="under">${timeElement(message.receivedAt, nowMs)} ${statusPill(sms.status)}</p>
</div>
<dl>
${fact('To', message.to.join(', '))}
${fact('Length', `${[...message.text].length} characters · ${sms.parts} ${sms.parts === 1 ? 'part' : 'parts'} · ${sms.encoding === 'ucs2' ? 'UCS-2' : 'GSM-7'}`)}
${fact('Cost', `${amountFormat.format(sms.costRial)} rial`)}
${fact('Message id', message.messageId)}
${fact('Local id', sms.localId)}
${fact('Tag', sms.tag)}
</dl>`;

const plainText = (message: MessageView): SafeHtml =>
  html`<div class="text" dir="auto">${withLinks(message.text)}</div>`;

/** The HTML part lives in a frame without scripts or same origin: it can neither read this page nor reach the network. */
const mailBody = (message: MessageView): SafeHtml => {
  if (!message.hasHtml) return plainText(message);
  const text = message.text
    ? html`<details><summary>Plain text</summary>${plainText(message)}</details>`
    : html`<p class="note">This e-mail has no plain-text part.</p>`;
  return html`<iframe title="E-mail content" src="/messages/${message.id}/html"
  sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer"></iframe>${text}`;
};

const mailHead = (message: MessageView, nowMs: number): SafeHtml => html`
<h2 dir="auto">${message.subject || '(no subject)'}</h2>
<dl>
${fact('From', message.from)}
${fact('To', message.to.join(', '))}
<dt>Received</dt><dd>${timeElement(message.receivedAt, nowMs)}</dd>
${fact('Message-ID', message.messageId)}
${Object.entries(message.vafaHeaders).map(([name, value]) =>
  fact(
    name.replace(/(^|-)([a-z])/g, (found) => found.toUpperCase()),
    value,
  ),
)}
</dl>`;

/** One open message, or the words that stand where one would be. */
export const detailView = (view: {
  message: MessageView | undefined;
  openId: number | undefined;
  filter: InboxFilter;
  nowMs: number;
}): SafeHtml => {
  const { message, openId, filter, nowMs } = view;
  if (message === undefined) {
    const words = openId === undefined ? 'Choose a message to read it.' : 'This message is no longer kept.';
    return html`<main id="detail"><p class="empty">${words}</p></main>`;
  }
  const back = html`<a class="back" href="${pageHref(filter)}">← All messages</a>`;
  const content = message.sms
    ? smsBody(message, message.sms, nowMs)
    : html`${mailHead(message, nowMs)}${mailBody(message)}`;
  return html`<main id="detail" class="open ${message.channel}" data-id="${message.id}">${back}<article>${content}</article></main>`;
};
