import type { MessageStatus } from '../sms/status-codes.ts';
import { html, type SafeHtml } from './html.ts';

const looks: Record<MessageStatus, { label: string; tone: 'wait' | 'good' | 'bad' }> = {
  1: { label: 'Queued', tone: 'wait' },
  2: { label: 'Scheduled', tone: 'wait' },
  4: { label: 'Sent', tone: 'wait' },
  6: { label: 'Failed', tone: 'bad' },
  10: { label: 'Delivered', tone: 'good' },
  11: { label: 'Undelivered', tone: 'bad' },
  13: { label: 'Cancelled', tone: 'bad' },
  14: { label: 'Blocked', tone: 'bad' },
  100: { label: 'Unknown', tone: 'wait' },
};

/** How far an SMS is, in a word. */
export const statusPill = (status: MessageStatus): SafeHtml =>
  html`<span class="pill ${looks[status].tone}" title="Kavenegar status ${status}">${looks[status].label}</span>`;
