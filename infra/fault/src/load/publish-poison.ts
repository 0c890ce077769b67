import type { EventBus } from '@vafa/bus';
import { dataschemaOf, encodeEvent, event, PurchaseCompleted } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import type { Acknowledged } from './deeds.ts';

/**
 * Puts a record on the purchases topic that no service can read: a version nobody knows. Every group must park it, once.
 * Parking is an effect without a natural key, so only the fence keeps a redelivery from parking it again.
 */
export const publishPoison = async (done: Acknowledged, customerId: string, bus: EventBus): Promise<void> => {
  const eventId = `poison:${newId()}`;
  const record = encodeEvent(
    event(
      PurchaseCompleted,
      { id: eventId, source: '/vafa/fault', time: Temporal.Now.instant() },
      { customerId, orderId: eventId, currency: 'IRR', totalMinor: 0, lines: [] },
    ),
  );
  const headers = { ...record.headers, ce_dataschema: dataschemaOf({ ...PurchaseCompleted, version: 999 }) };
  const poison = { eventId, acknowledged: false };
  done.poisons.push(poison);
  // A refusal leaves it unknown whether the record is there: it is judged as such.
  await bus.publish([{ ...record, headers }]).then(
    () => {
      poison.acknowledged = true;
    },
    () => undefined,
  );
};
