import { createFinding, type Invariant } from './finding.ts';

interface MessageRow {
  id: number;
  orderId: string;
  state: string;
  reason: string | null;
}

const FINAL = new Set(['sent', 'delivered', 'undelivered', 'failed', 'suppressed']);
const SENT = new Set(['sent', 'delivered', 'undelivered']);

/**
 * Every purchase led to one message row, and the provider's own record has each message at most once. Failing is allowed
 * only for a reason that the provider gave; nothing may hang in between.
 */
export const messages: Invariant = async ({ sql, done, accepted }) => {
  const rows = await sql<MessageRow[]>`select id, substr(cause->>'triggerId', 7) as "orderId", state, reason
    from messaging.message where cause->>'id' = 'thanks' and cause->>'triggerId' like 'order:%'`;
  const byOrder = Map.groupBy(rows, ({ orderId }) => orderId);
  // The text ends with the order's id: what went out is told by what it says, not by what our tables say.
  const timesAccepted = new Map<string, number>();
  for (const { text } of accepted) {
    const orderId = text.trim().split(/\s+/).at(-1) ?? '';
    timesAccepted.set(orderId, (timesAccepted.get(orderId) ?? 0) + 1);
  }

  const asked = createFinding('one message per purchase', ['without message', 'doubled', 'stuck', 'suppressed']);
  const sent = createFinding('messages sent once', ['lost', 'sent twice', 'failed without cause', 'not as recorded']);
  asked.finding.checked = done.purchases.length;
  sent.finding.checked = accepted.length;
  for (const { orderId } of done.purchases) {
    const own = byOrder.get(orderId) ?? [];
    const times = timesAccepted.get(orderId) ?? 0;
    const [message] = own;
    if (times > 1) sent.wrong('sent twice', `${orderId}: the provider accepted ${times} (message ${message?.id})`);
    if (!message) {
      asked.wrong('without message', orderId);
      continue;
    }
    if (own.length > 1) asked.wrong('doubled', `${orderId} has ${own.length} messages`);
    const { state, reason } = message;
    const text = `${orderId}: message ${message.id} is ${state}${reason ? ` (${reason})` : ''}`;
    if (!FINAL.has(state)) asked.wrong('stuck', text);
    else if (state === 'suppressed') asked.wrong('suppressed', text);
    else if (state === 'failed' && !reason?.startsWith('kavenegar_')) sent.wrong('failed without cause', text);
    else if (SENT.has(state) && times === 0) sent.wrong('lost', `${text}, the provider has none`);
    else if (!SENT.has(state) && times > 0) sent.wrong('not as recorded', `${text}, the provider has ${times}`);
  }
  const byLocalId = Map.groupBy(accepted, ({ localId }) => localId);
  for (const [localId, same] of byLocalId)
    if (localId !== undefined && same.length > 1 && new Set(same.map(({ text }) => text)).size > 1)
      sent.wrong('sent twice', `local id ${localId} was used for two texts`);
  return [asked.finding, sent.finding];
};
